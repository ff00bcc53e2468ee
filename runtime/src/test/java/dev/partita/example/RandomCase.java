package dev.partita.example;

import static dev.partita.compiler.CompileOptions.on;
import static dev.partita.dsl.layer.Layers.adam;
import static dev.partita.dsl.layer.Layers.adamW;
import static dev.partita.dsl.layer.Layers.averagePool;
import static dev.partita.dsl.layer.Layers.batchNorm;
import static dev.partita.dsl.layer.Layers.conv2d;
import static dev.partita.dsl.layer.Layers.crossEntropy;
import static dev.partita.dsl.layer.Layers.dim;
import static dev.partita.dsl.layer.Layers.dropout;
import static dev.partita.dsl.layer.Layers.embedding;
import static dev.partita.dsl.layer.Layers.features;
import static dev.partita.dsl.layer.Layers.flatten;
import static dev.partita.dsl.layer.Layers.gelu;
import static dev.partita.dsl.layer.Layers.image;
import static dev.partita.dsl.layer.Layers.layerNorm;
import static dev.partita.dsl.layer.Layers.linear;
import static dev.partita.dsl.layer.Layers.maxPool;
import static dev.partita.dsl.layer.Layers.meanSquared;
import static dev.partita.dsl.layer.Layers.model;
import static dev.partita.dsl.layer.Layers.positions;
import static dev.partita.dsl.layer.Layers.relu;
import static dev.partita.dsl.layer.Layers.residual;
import static dev.partita.dsl.layer.Layers.rmsNorm;
import static dev.partita.dsl.layer.Layers.sequential;
import static dev.partita.dsl.layer.Layers.sgd;
import static dev.partita.dsl.layer.Layers.softmax;
import static dev.partita.dsl.layer.Layers.swiGlu;
import static dev.partita.dsl.layer.Layers.tanh;
import static dev.partita.dsl.layer.Layers.tiedTo;
import static dev.partita.dsl.layer.Layers.tokens;

import dev.partita.compiler.Compilation;
import dev.partita.compiler.CompileOptions;
import dev.partita.compiler.Compiler;
import dev.partita.compiler.Precision;
import dev.partita.compiler.Recompute;
import dev.partita.dsl.graph.AttentionOp;
import dev.partita.dsl.graph.Graph;
import dev.partita.dsl.graph.Node;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.layer.Attention;
import dev.partita.dsl.layer.Layer;
import dev.partita.dsl.layer.Layers;
import dev.partita.dsl.layer.Loss;
import dev.partita.dsl.layer.Model;
import dev.partita.dsl.layer.Optimizer;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.problem.ProblemException;
import dev.partita.dsl.tensor.Dtype;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;

/// A network, a mesh and a placement drawn from a seed. Draws that the compiler rejects for a
/// reason a user could have are drawn again, so every case compiles.
public final class RandomCase {
    private static final Set<ProblemCode> REJECTED =
            EnumSet.of(
                    ProblemCode.INDIVISIBLE_DIM,
                    ProblemCode.AXIS_USED_TWICE,
                    ProblemCode.AMBIGUOUS_PLACEMENT,
                    ProblemCode.ZERO_WITHOUT_DATA_PARALLELISM,
                    ProblemCode.OUT_OF_MEMORY);
    private static final List<String> AXES = List.of("data", "tensor", "third");

    private final Random random;

    private RandomCase(long seed) {
        this.random = new Random(seed);
    }

    public static Compilation draw(long seed, Dtype dtype) {
        return new RandomCase(seed).draw(dtype);
    }

    /// A case that computes as `precision` says.
    public static Compilation draw(long seed, Precision precision) {
        Compilation drawn = draw(seed, Dtype.F64);
        return Compiler.compile(drawn.model(), drawn.options().precision(precision));
    }

    private Compilation draw(Dtype dtype) {
        while (true) {
            Model net = network();
            CompileOptions options = precision(placement(net).dtype(dtype));
            try {
                Compilation compiled = Compiler.compile(net, options);
                if (random.nextInt(6) == 0) {
                    long limit = compiled.plan().peakBytes() * pick(60, 70, 80, 90) / 100;
                    compiled = Compiler.compile(net, options.recompute(Recompute.within(limit)));
                }
                return compiled;
            } catch (ProblemException e) {
                if (!REJECTED.contains(e.problem().code())) {
                    throw e;
                }
            }
        }
    }

    private Model network() {
        return switch (random.nextInt(5)) {
            case 0 -> end(body(model("mlp", features("x", pick(4, 6, 12))), 1 + random.nextInt(3)));
            case 1 -> end(body(convolutions(), random.nextInt(2)));
            case 2 -> {
                Model text =
                        model("text", tokens("position", pick(4, 6), 12))
                                .then(embedding("model", pick(4, 8, 12)));
                yield end(body(text, 1 + random.nextInt(2)));
            }
            default -> transformer();
        };
    }

    private Model transformer() {
        int width = pick(8, 12);
        Model net =
                model("transformer", tokens("sequence", pick(4, 6, 8, 12), 12))
                        .then(embedding("model", width).deviation(0.5));
        if (random.nextBoolean()) {
            net = net.then(positions("positions"));
        }
        for (int i = 1; i <= 1 + random.nextInt(2); i++) {
            net = net.then(residual(norm("norm-a" + i), attention(i, width), maybe(dropout(0.2))));
            net = net.then(residual(norm("norm-b" + i), feedForward(i)));
        }
        net = net.then(norm("norm"));
        return switch (random.nextInt(4)) {
            case 0 -> net.then(linear("head", dim("vocab", 12))).loss(meanSquared());
            case 1 -> net.then(linear("head", dim("vocab", 12))).loss(crossEntropy());
            case 2 -> net.then(tiedTo("model")).loss(crossEntropy().ignoring(-100));
            default -> net.then(tiedTo("model")).loss(crossEntropy().labelSmoothing(0.1));
        };
    }

    private Layer norm(String name) {
        return random.nextBoolean() ? layerNorm(name) : rmsNorm(name);
    }

    private Layer attention(int i, int width) {
        int heads = pick(2, width / 2);
        Attention layer = Layers.attention("attention" + i, heads).groups(pick(1, 2));
        layer = random.nextBoolean() ? layer.causal() : layer;
        layer = random.nextBoolean() ? layer.rotary() : layer;
        return random.nextBoolean() ? layer.withoutBias() : layer;
    }

    private Layer feedForward(int i) {
        return random.nextBoolean()
                ? Layers.feedForward("mlp" + i, pick(4, 12))
                : swiGlu("mlp" + i, pick(4, 6));
    }

    private Layer maybe(Layer layer) {
        return random.nextBoolean() ? layer : sequential();
    }

    private Model convolutions() {
        Model net = model("convnet", image("pixels", pick(1, 2, 4), 8, 8));
        Layer.Biased c1 = conv2d("c1", pick(4, 6, 8), 3);
        net =
                random.nextInt(3) == 0
                        ? net.then(c1.withoutBias()).then(batchNorm("n1"))
                        : net.then(c1);
        net = net.then(relu());
        if (random.nextBoolean()) {
            net = net.then(maxPool(2));
        }
        if (random.nextBoolean()) {
            net = net.then(conv2d("c2", pick(2, 4, 12), 3, 1, 1)).then(relu());
        }
        if (random.nextInt(4) == 0) {
            net = net.then(projected(pick(4, 6))).then(relu());
        }
        return net.then(random.nextInt(4) == 0 ? averagePool() : flatten());
    }

    /// A residual layer as those of ResNet that halve the image. (No weight adds the same to all
    /// examples on a linear way to a batch norm: its gradient would be rounding errors alone.)
    private static Layer projected(int channels) {
        return residual(conv2d("c3", channels, 3, 2, 1).withoutBias(), batchNorm("n3"), relu())
                .shortcut(conv2d("c4", channels, 1, 2, 0).withoutBias(), batchNorm("n4"));
    }

    private Model body(Model start, int layers) {
        Model net = start;
        for (int i = 1; i <= layers; i++) {
            Layer.Biased hidden = linear("hidden" + i, pick(4, 6, 8, 12));
            if (random.nextInt(8) == 0) {
                net = i > 1 ? net.then(tanh()) : net;
                net = net.then(hidden.withoutBias()).then(batchNorm("norm" + i)).then(relu());
                continue;
            }
            net = net.then(hidden);
            net =
                    net.then(
                            switch (random.nextInt(7)) {
                                case 0 -> gelu();
                                case 1 -> layerNorm("norm" + i);
                                case 2 -> dropout(0.3);
                                case 3 -> softmax();
                                case 4 -> residual(inner(i));
                                case 5 -> tanh();
                                default -> relu();
                            });
        }
        return net;
    }

    private Layer[] inner(int i) {
        return random.nextBoolean()
                ? new Layer[] {layerNorm("norm" + i), gelu()}
                : new Layer[] {relu(), dropout(0.2)};
    }

    private Model end(Model net) {
        Model whole = net.then(linear("classes", pick(4, 6, 12)));
        return whole.loss(loss());
    }

    private Loss loss() {
        return switch (random.nextInt(6)) {
            case 0 -> meanSquared();
            case 1 -> meanSquared().summedOver("classes");
            case 2 -> crossEntropy().summedOver("batch");
            case 3 -> crossEntropy().ignoring(-100);
            case 4 -> crossEntropy().ignoring(3).labelSmoothing(0.2);
            default -> crossEntropy();
        };
    }

    private CompileOptions placement(Model net) {
        int axes = 1 + random.nextInt(3);
        Mesh mesh = Mesh.ONE_DEVICE;
        for (String axis : AXES.subList(0, axes)) {
            int size = pick(1, 2, 2, 3, 4);
            mesh = mesh.devices() * size <= 12 ? mesh.by(axis, size) : mesh;
        }
        Graph graph = net.trace(12, Dtype.F32, true);
        boolean hasState = graph.nodesOf(Op.State.class).findAny().isPresent();
        CompileOptions options =
                on(mesh).optimizer(optimizer(graph))
                        .batch(12)
                        .microBatches(hasState ? 1 : pick(1, 1, 2, 3, 4))
                        .bucketBytes(pick(1, 200, 1 << 18))
                        .recompute(recompute(graph));
        if (random.nextInt(3) == 0) {
            options = options.clipNorm(random.nextBoolean() ? 0.1 : 100);
        }
        if (graph.nodesOf(AttentionOp.Attention.class).findAny().isPresent()) {
            options = context(options);
        }
        if (random.nextInt(3) == 0) {
            String axis = pick(mesh.axisNames());
            options = options.shard("batch").over(axis).zero(1 + random.nextInt(3)).over(axis);
        }
        for (String axis : mesh.axisNames()) {
            for (int i = random.nextInt(3); i > 0; i--) {
                Node node = pick(graph.nodes());
                var shape = node.results().getFirst().type().shape();
                if (shape.rank() > 0) {
                    String dim = pick(shape.dims()).name();
                    boolean everywhere =
                            node.op() instanceof Op.Leaf
                                    || node.layer().isEmpty()
                                    || random.nextInt(3) > 0;
                    CompileOptions.Shard shard = options.shard(dim);
                    shard = random.nextInt(4) == 0 ? shard.balanced() : shard;
                    options = (everywhere ? shard : shard.at(node.layer())).over(axis);
                }
            }
        }
        return options;
    }

    /// One in two transformers shards its positions everywhere.
    private CompileOptions context(CompileOptions options) {
        CompileOptions ways =
                options.attention(
                        switch (random.nextInt(3)) {
                            case 0 -> CompileOptions.gather();
                            case 1 -> CompileOptions.allToAll();
                            default -> CompileOptions.ring();
                        });
        if (random.nextBoolean()) {
            return ways;
        }
        CompileOptions.Shard positions = ways.shard("sequence");
        positions = random.nextBoolean() ? positions.balanced() : positions;
        return positions.over(pick(options.mesh().axisNames()));
    }

    private Recompute recompute(Graph graph) {
        return switch (random.nextInt(4)) {
            case 0 -> Recompute.full();
            case 1 -> {
                List<String> layers =
                        graph.nodes().stream()
                                .filter(n -> !(n.op() instanceof Op.Leaf))
                                .map(Node::layer)
                                .toList();
                yield Recompute.selective(pick(layers), pick(layers));
            }
            default -> Recompute.none();
        };
    }

    /// One in four cases in f64 computes in f32 what mixed precision would compute in bf16: the
    /// same program, with roundings so small that a proof sees through them.
    private CompileOptions precision(CompileOptions options) {
        return options.dtype() == Dtype.F64 && random.nextInt(4) == 0
                ? options.precision(
                        new Precision("f32 in f64", Dtype.F64, Dtype.F32, random.nextBoolean()))
                : options;
    }

    private Optimizer optimizer(Graph graph) {
        return switch (random.nextInt(4)) {
            case 0 -> sgd(0.05);
            case 1 -> sgd(0.05).momentum(0.9).nesterov().weightDecay(0.01);
            case 2 -> adam(0.01);
            default -> {
                boolean biased =
                        graph.nodesOf(Op.Parameter.class)
                                .anyMatch(node -> node.op().toString().endsWith(".bias\""));
                var decays = adamW(0.01).weightDecay(0.1);
                yield biased ? decays.sparing("bias") : decays;
            }
        };
    }

    private int pick(int... values) {
        return values[random.nextInt(values.length)];
    }

    private <T> T pick(List<T> values) {
        return values.get(random.nextInt(values.size()));
    }
}
