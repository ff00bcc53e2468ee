package dev.partita.example;

import static dev.partita.compiler.CompileOptions.on;
import static dev.partita.dsl.layer.Layers.adam;
import static dev.partita.dsl.layer.Layers.adamW;
import static dev.partita.dsl.layer.Layers.sgd;

import dev.partita.compiler.Compilation;
import dev.partita.compiler.CompileOptions;
import dev.partita.compiler.Compiler;
import dev.partita.compiler.Precision;
import dev.partita.compiler.Recompute;
import dev.partita.compiler.pipeline.DualPipeV;
import dev.partita.compiler.pipeline.ScheduleStyle;
import dev.partita.compiler.pipeline.Schedules;
import dev.partita.dsl.graph.AttentionOp;
import dev.partita.dsl.graph.BatchNorm;
import dev.partita.dsl.graph.Graph;
import dev.partita.dsl.graph.Node;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.RoutingOp;
import dev.partita.dsl.layer.Model;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.problem.ProblemException;
import dev.partita.dsl.tensor.Dim;
import dev.partita.dsl.tensor.Dtype;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// A network, a mesh of up to 16 devices, and how the network is trained and placed there, drawn
/// from a seed. Draws that the compiler rejects for a reason a user could have are drawn again, so
/// every case compiles.
///
/// @param memoryPercent how much of the memory that the plan would take it may take, if so little
///   is possible
public record RandomCase(Model model, CompileOptions options, int memoryPercent) {
    private static final int MOST_DEVICES = 16;
    private static final List<String> AXES = List.of("data", "tensor", "third");
    private static final Set<ProblemCode> REJECTED =
            EnumSet.of(
                    ProblemCode.INDIVISIBLE_DIM,
                    ProblemCode.AXIS_USED_TWICE,
                    ProblemCode.AMBIGUOUS_PLACEMENT,
                    ProblemCode.WEIGHT_SHARDED_TWICE,
                    ProblemCode.ZERO_WITHOUT_DATA_PARALLELISM,
                    // more stages than the model can be cut into
                    ProblemCode.STAGE_CUT);

    /// Adds one thing that a user may ask for, or leaves it.
    private interface Choice {
        CompileOptions choose(CompileOptions options, Graph graph, Draw draw);
    }

    /// Every choice by its name, which also is its seed: a new one changes what no other draws.
    private static final Map<String, Choice> CHOICES = new LinkedHashMap<>();

    static {
        CHOICES.put("batch", (options, _, draw) -> options.batch(draw.pick(12, 12, 16)));
        CHOICES.put("micro-batches", RandomCase::microBatches);
        CHOICES.put("optimizer", RandomCase::optimizer);
        CHOICES.put("clip norm", RandomCase::clipNorm);
        CHOICES.put("buckets", (o, _, draw) -> o.bucketBytes(draw.pick(1, 200, 1 << 18)));
        CHOICES.put("recompute", RandomCase::recompute);
        CHOICES.put("casts", RandomCase::casts);
        CHOICES.put("rounded gradients", RandomCase::roundedGradients);
        CHOICES.put("zero", RandomCase::zero);
        CHOICES.put("transformer", RandomCase::transformer);
        CHOICES.put("experts", RandomCase::experts);
        CHOICES.put("shards", RandomCase::shards);
        CHOICES.put("data parallel", RandomCase::dataParallel);
        CHOICES.put("context", RandomCase::context);
        CHOICES.put("balanced", RandomCase::balanced);
        CHOICES.put("stages", RandomCase::stages);
    }

    /// Which draw of a seed compiles: found out once.
    private static final Map<Long, Integer> ACCEPTED = new ConcurrentHashMap<>();

    public static RandomCase draw(long seed) {
        Integer known = ACCEPTED.get(seed);
        for (int attempt = known == null ? 0 : known; ; attempt++) {
            Model model =
                    RandomModel.of(
                            new Draw(seed, attempt, "model"), new Draw(seed, attempt, "groups"));
            var drawn = new RandomCase(model, placement(model, seed, attempt), 100);
            if (known != null || drawn.compiles()) {
                ACCEPTED.put(seed, attempt);
                Draw memory = new Draw(seed, attempt, "memory");
                int percent = memory.once(6) ? memory.pick(60, 70, 80, 90) : 100;
                return new RandomCase(model, drawn.options, percent);
            }
        }
    }

    /// The same network, trained alike but placed anew: on another mesh, with other shards,
    /// micro-batches, ZeRO and recomputation.
    public RandomCase placedAnew(long seed) {
        for (int attempt = 0; ; attempt++) {
            CompileOptions placed =
                    placement(model, seed, attempt)
                            .batch(options.batch())
                            .optimizer(options.optimizer())
                            .clipNorm(options.clipNorm())
                            .precision(options.precision());
            var drawn = new RandomCase(model, placed, 100);
            if (drawn.compiles()) {
                return drawn;
            }
        }
    }

    private static CompileOptions placement(Model model, long seed, int attempt) {
        Graph graph = model.trace(12, Dtype.F32, true);
        CompileOptions options = on(mesh(new Draw(seed, attempt, "mesh"))).dtype(Dtype.F64);
        for (var choice : CHOICES.entrySet()) {
            Draw draw = new Draw(seed, attempt, choice.getKey());
            options = choice.getValue().choose(options, graph, draw);
        }
        return options;
    }

    private boolean compiles() {
        try {
            Compiler.compile(model, options.precision(Precision.F64));
            Compiler.compile(model, options.precision(Precision.BF16));
            return true;
        } catch (ProblemException e) {
            if (!REJECTED.contains(e.problem().code())) {
                throw e;
            }
            return false;
        }
    }

    /// The case in doubles.
    public Compilation compile() {
        return compile(options.precision());
    }

    public Compilation compile(Precision precision) {
        CompileOptions own = options.precision(precision);
        Compilation all = Compiler.compile(model, own);
        if (memoryPercent == 100) {
            return all;
        }
        long limit = all.plan().peakBytes() * memoryPercent / 100;
        try {
            return Compiler.compile(model, own.recompute(Recompute.within(limit)));
        } catch (ProblemException e) {
            if (e.problem().code() != ProblemCode.OUT_OF_MEMORY) {
                throw e;
            }
            return all;
        }
    }

    private static Mesh mesh(Draw draw) {
        Mesh mesh = Mesh.ONE_DEVICE;
        for (String axis : AXES.subList(0, 1 + draw.below(3))) {
            int size = draw.pick(1, 2, 2, 3, 4, 4);
            mesh = mesh.devices() * size <= MOST_DEVICES ? mesh.by(axis, size) : mesh;
        }
        return mesh;
    }

    private static CompileOptions microBatches(CompileOptions options, Graph graph, Draw draw) {
        boolean ofWholeBatch =
                graph.nodesOf(BatchNorm.Squares.class)
                        .anyMatch(norm -> norm.result().type().shape().rank() == 1);
        return ofWholeBatch ? options : options.microBatches(draw.pick(1, 1, 2, 3, 4));
    }

    private static CompileOptions optimizer(CompileOptions options, Graph graph, Draw draw) {
        boolean biased =
                graph.nodesOf(Op.Parameter.class)
                        .anyMatch(node -> node.op().toString().endsWith(".bias\""));
        var decays = adamW(0.01).weightDecay(0.1);
        return options.optimizer(
                switch (draw.below(4)) {
                    case 0 -> sgd(0.05);
                    case 1 -> sgd(0.05).momentum(0.9).nesterov().weightDecay(0.01);
                    case 2 -> adam(0.01);
                    default -> biased ? decays.sparing("bias") : decays;
                });
    }

    private static CompileOptions clipNorm(CompileOptions options, Graph graph, Draw draw) {
        return draw.once(3) ? options.clipNorm(draw.either() ? 0.1 : 100) : options;
    }

    private static CompileOptions recompute(CompileOptions options, Graph graph, Draw draw) {
        List<String> layers =
                graph.nodes().stream()
                        .filter(n -> !(n.op() instanceof Op.Leaf))
                        .map(Node::layer)
                        .toList();
        return switch (draw.below(4)) {
            case 0 -> options.recompute(Recompute.full());
            case 1 -> options.recompute(Recompute.selective(draw.pick(layers), draw.pick(layers)));
            default -> options;
        };
    }

    /// One in four cases in f64 computes in f32 what mixed precision would compute in bf16: the
    /// same program, with roundings so small that a proof sees through them.
    private static CompileOptions casts(CompileOptions options, Graph graph, Draw draw) {
        return draw.once(4)
                ? options.precision(
                        new Precision("f32 in f64", Dtype.F64, Dtype.F32, draw.either()))
                : options;
    }

    private static CompileOptions roundedGradients(CompileOptions options, Graph graph, Draw draw) {
        Precision precision = options.precision();
        return precision.isMixed() && !precision.scalesLoss() && draw.either()
                ? options.precision(precision.roundingGradients())
                : options;
    }

    private static CompileOptions zero(CompileOptions options, Graph graph, Draw draw) {
        if (!draw.once(3)) {
            return options;
        }
        String axis = draw.pick(options.mesh().axisNames());
        return options.shard("batch").over(axis).zero(1 + draw.below(3)).over(axis);
    }

    private static CompileOptions dataParallel(CompileOptions options, Graph graph, Draw draw) {
        return draw.once(6)
                ? options.dataParallel().over(draw.pick(options.mesh().axisNames()))
                : options;
    }

    /// Heads, hidden units and words over one axis, and what lies between by its sequence.
    private static CompileOptions transformer(CompileOptions options, Graph graph, Draw draw) {
        List<String> own =
                graph.nodes().stream()
                        .map(Node::layer)
                        .filter(layer -> layer.startsWith("norm") || layer.startsWith("residual"))
                        .distinct()
                        .toList();
        boolean attends = graph.nodes().stream().anyMatch(n -> n.layer().startsWith("attention"));
        if (!attends || !draw.either()) {
            return options;
        }
        String axis = draw.pick(options.mesh().axisNames());
        for (String dim : List.of("heads", "ffn", "vocab")) {
            options = draw.once(4) ? options : options.shard(dim).over(axis);
        }
        return draw.either()
                ? options
                : options.shard("sequence").at(own.toArray(String[]::new)).over(axis);
    }

    /// One way to attend, and in two of three transformers sharded positions.
    private static CompileOptions context(CompileOptions options, Graph graph, Draw draw) {
        if (graph.nodesOf(AttentionOp.Attention.class).findAny().isEmpty()) {
            return options;
        }
        options =
                switch (draw.below(3)) {
                    case 0 -> options.attention(CompileOptions.gather());
                    case 1 -> options.attention(CompileOptions.allToAll());
                    default -> options.attention(CompileOptions.ring());
                };
        if (draw.once(3)) {
            return options;
        }
        var positions = options.shard("sequence");
        return (draw.either() ? positions : positions.balanced())
                .over(draw.once(4) ? draw.pick(options.mesh().axisNames()) : free(options, draw));
    }

    /// An axis that nothing is sharded over so far, if there is one.
    private static String free(CompileOptions options, Draw draw) {
        List<String> axes = options.mesh().axisNames();
        List<String> free =
                axes.stream()
                        .filter(axis ->
                                options.shards().stream().noneMatch(s -> s.axes().contains(axis)))
                        .toList();
        return draw.pick(free.isEmpty() ? axes : free);
    }

    /// Now and then any dim in two stretches a device.
    private static CompileOptions balanced(CompileOptions options, Graph graph, Draw draw) {
        if (!draw.once(6)) {
            return options;
        }
        Node node = draw.pick(graph.nodesOf(Op.Parameter.class).toList());
        String dim = draw.pick(node.result().type().shape().dims()).name();
        return options.shard(dim).balanced().over(draw.pick(options.mesh().axisNames()));
    }

    /// Experts over one axis or two, and the batch over one of them as well.
    private static CompileOptions experts(CompileOptions options, Graph graph, Draw draw) {
        if (graph.nodesOf(RoutingOp.class).findAny().isEmpty() || draw.once(3)) {
            return options;
        }
        List<String> axes = options.mesh().axisNames();
        String axis = draw.pick(axes);
        options = draw.either() ? options.shard("batch").over(axis) : options;
        String other = draw.pick(axes);
        return draw.once(3) && !other.equals(axis)
                ? options.shard("expert").over(other, axis)
                : options.shard("expert").over(axis);
    }

    /// Any dim of any value that divides, for one layer or everywhere.
    private static CompileOptions shards(CompileOptions options, Graph graph, Draw draw) {
        for (String axis : options.mesh().axisNames()) {
            for (int i = draw.below(3); i > 0; i--) {
                Node node = draw.pick(graph.nodes());
                int parts = options.mesh().size(List.of(axis));
                List<Dim> dims =
                        node.results().getFirst().type().shape().dims().stream()
                                // groups of a batch go with it, and a micro-batch may have but one
                                .filter(d -> !d.name().startsWith("batch-"))
                                .filter(d -> d.name().equals("batch") || d.size() % parts == 0)
                                .toList();
                boolean everywhere =
                        node.op() instanceof Op.Leaf || node.layer().isEmpty() || !draw.once(3);
                if (!dims.isEmpty()) {
                    var shard = options.shard(draw.pick(dims).name());
                    options = (everywhere ? shard : shard.at(node.layer())).over(axis);
                }
            }
        }
        return options;
    }

    /// Stages over an axis that nothing else uses, in any order of the micro-batches.
    private static CompileOptions stages(CompileOptions options, Graph graph, Draw draw) {
        List<String> free =
                options.mesh().axisNames().stream()
                        .filter(axis ->
                                options.shards().stream().noneMatch(r -> r.axes().contains(axis)))
                        .toList();
        boolean rooted = options.dataParallelRequest().isPresent();
        if (free.isEmpty() || rooted || !draw.either()) {
            return options;
        }
        String axis = draw.pick(free);
        ScheduleStyle style = draw.pick(Schedules.STYLES);
        int devices = options.mesh().size(axis);
        int chunks = style.chunks() == 0 ? 1 + draw.below(2) : style.chunks();
        int microBatches = Math.toIntExact(options.microBatches());
        if (style instanceof DualPipeV && microBatches < 2 * devices) {
            return options;
        }
        return options.stages(devices * chunks).schedule(style.name()).over(axis);
    }
}
