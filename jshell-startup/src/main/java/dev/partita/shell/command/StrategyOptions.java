package dev.partita.shell.command;

import dev.partita.compiler.Compilation;
import dev.partita.compiler.CompileOptions;
import dev.partita.compiler.Compiler;
import dev.partita.compiler.plan.Price;
import dev.partita.dsl.layer.Line;
import dev.partita.dsl.layer.Loss;
import dev.partita.dsl.layer.Model;
import dev.partita.dsl.layer.ModelInput;
import dev.partita.dsl.mesh.Axis;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.problem.ProblemException;
import dev.partita.dsl.tensor.Dim;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.kernels.KernelLibraries;
import dev.partita.kernels.KernelLibrary;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// How a model is placed and trained: what `train`, `plan`, `prove` and `demo` share.
final class StrategyOptions {
    private static final int MOST_VIRTUAL_DEVICES = 64;

    /// The dims that an axis of this name shards when `--shard` does not say: those of them that
    /// the model has.
    private static final Map<String, List<String>> USUAL =
            Map.of(
                    "data", List.of("batch"),
                    "context", List.of("sequence"),
                    "expert", List.of("expert"),
                    "tensor", List.of("hidden", "heads", "ffn", "vocab"));

    private static final long EXAMPLES = 256;
    private static final long SEQUENCES = 8;

    @Option(
            names = "--mesh",
            paramLabel = "AXIS=N,…",
            description = "Devices along named axes, such as data=2,tensor=2. Default: one device.")
    private @Nullable String mesh;

    @Option(
            names = "--shard",
            paramLabel = "DIM=AXIS,…",
            description = {
                "Shards a dim over an axis, or over several; may be given several times.",
                "Default: batch over data and expert, expert over expert, sequence over context, and over tensor those"
                        + " of hidden, heads, ffn and vocab that the model has."
            })
    private Map<String, String> shards = Map.of();

    @Option(
            names = "--data-parallel",
            description = {
                "Spreads the batch over axis data as torch.nn.DataParallel does, to compare with:",
                "weights and optimizer state live on its first device alone."
            })
    private boolean dataParallel;

    @Option(
            names = "--zero",
            paramLabel = "STAGE",
            description = {
                "Splits what data parallelism keeps whole on every device:",
                "1 optimizer state, 2 gradients too, 3 weights too. Default: 0, nothing."
            })
    private int zero;

    @Option(
            names = "--zero-axis",
            paramLabel = "AXIS",
            description = "The axis to split over. Default: data.")
    private @Nullable String zeroAxis;

    @Option(
            names = "--batch",
            paramLabel = "N",
            description =
                    "Examples per step, over all devices. Default: "
                            + EXAMPLES
                            + ", of a model of tokens "
                            + SEQUENCES
                            + ".")
    private @Nullable Long batch;

    @Option(
            names = "--micro-batches",
            paramLabel = "N",
            description =
                    "Computes each batch in N parts, one after the other. Default: ${DEFAULT-VALUE}.")
    private long microBatches = 1;

    @Option(
            names = "--precision",
            paramLabel = "TYPE",
            description = {
                "f32, f64, or bf16 or f16: contractions in it, weights and optimizer state in f32;",
                "partita plan prints which ops compute in which type. Default: ${DEFAULT-VALUE}."
            })
    private String precision = "f32";

    @Option(
            names = "--round-gradients",
            description = "Keeps and sums gradients of weights in bf16 too, with --precision bf16.")
    private boolean roundGradients;

    @Option(
            names = "--kernels",
            paramLabel = "LIBRARY",
            description = "cpu or reference (plain loops, slow). Default: ${DEFAULT-VALUE}.")
    private String kernels = "cpu";

    @Option(
            names = "--seed",
            paramLabel = "N",
            description = "Chooses first weights and order of examples. Default: ${DEFAULT-VALUE}.")
    private long seed = 1;

    @Option(
            names = "--force",
            description = "Takes more than " + MOST_VIRTUAL_DEVICES + " virtual devices.")
    private boolean force;

    @Option(
            names = "--label-smoothing",
            paramLabel = "PART",
            description = "Spreads this part of every label over all classes. Default: none.")
    private double labelSmoothing;

    @Mixin private ContextOptions context = new ContextOptions();
    @Mixin private RecomputeOptions recompute = new RecomputeOptions();
    @Mixin private OptimizerOptions optimizer = new OptimizerOptions();
    @Mixin private PipelineOptions pipeline = new PipelineOptions();
    @Mixin private LaterOptions later = new LaterOptions();

    long seed() {
        return seed;
    }

    /// How many steps a number of epochs takes.
    ///
    /// @param all whether what fills no batch has one of its own, or is left out
    long steps(Model model, int examples, int epochs, boolean all) {
        long batch = batch(model);
        return Math.max(1, (all ? Math.ceilDiv(examples, batch) : examples / batch) * epochs);
    }

    private long batch(Model model) {
        long usual = readsTokens(model) ? SEQUENCES : EXAMPLES;
        return batch == null ? usual : batch;
    }

    static boolean readsTokens(Model model) {
        return model.input().word() instanceof ModelInput.Tokens;
    }

    /// How to train where the user does not say.
    void usually(Recipe recipe) {
        optimizer.usually(recipe);
    }

    KernelLibrary library() {
        return KernelLibraries.named(kernels);
    }

    /// Compiles for devices that need not exist.
    ///
    /// @param steps of the whole training, which learning-rate schedules divide
    Compilation compile(Model model, String usualMesh, long steps) {
        CompileOptions options = options(model, usualMesh, steps);
        return Compiler.compile(smoothed(model), options);
    }

    /// How a model is compiled.
    ///
    /// @param steps of the whole training
    CompileOptions options(Model model, String usualMesh, long steps) {
        later.refuse();
        Mesh devices = mesh(usualMesh);
        CompileOptions options =
                CompileOptions.on(devices)
                        .batch(batch(model))
                        .microBatches(microBatches)
                        .precision(PrecisionWord.of(precision, roundGradients))
                        .optimizer(optimizer.over(steps))
                        .recompute(recompute.choice());
        options = optimizer.clip(options);
        options = context.shard(options, shards(options, model), model);
        options = dataParallel ? options.dataParallel().over("data") : options;
        return pipeline.cut(split(options));
    }

    private Mesh mesh(String usualMesh) {
        return pipeline.mesh(Mesh.parse(mesh == null ? usualMesh : mesh));
    }

    /// The model with the loss that was asked for.
    Model smoothed(Model model) {
        if (labelSmoothing == 0) {
            return model;
        }
        Optional<Loss> loss = model.loss().map(Line::word);
        if (loss.isPresent() && loss.get() instanceof Loss.CrossEntropy crossEntropy) {
            return model.loss(crossEntropy.labelSmoothing(labelSmoothing));
        }
        throw Problem.of(
                        ProblemCode.UNSUPPORTED,
                        "Only labels can be smoothed, and the model is not trained by cross-entropy.")
                .fact("--label-smoothing", labelSmoothing)
                .fact("loss", loss.map(Loss::toString).orElse("none"))
                .fix("leave --label-smoothing out")
                .exception();
    }

    private CompileOptions split(CompileOptions options) {
        if (zero == 0 && zeroAxis != null) {
            throw Problem.of(
                            ProblemCode.INVALID_ARGUMENT,
                            "--zero-axis says where to split, and nothing says what.")
                    .fact("--zero-axis", zeroAxis)
                    .fix("--zero 1 for optimizer state, 2 for gradients too, 3 for weights too")
                    .exception();
        }
        return zero == 0 ? options : options.zero(zero).over(zeroAxis == null ? "data" : zeroAxis);
    }

    /// Compiles for devices that this machine is to play.
    ///
    /// @param steps of the whole training
    /// @throws dev.partita.dsl.problem.ProblemException `MeshTooLarge`
    Compilation compileToRun(Model model, String usualMesh, long steps) {
        int devices = mesh(usualMesh).devices();
        if (devices > MOST_VIRTUAL_DEVICES && !force) {
            throw Problem.of(
                            ProblemCode.MESH_TOO_LARGE,
                            "The mesh has more virtual devices than a machine plays without being asked.")
                    .fact("devices", devices)
                    .fact("without --force", "at most " + MOST_VIRTUAL_DEVICES)
                    .fact("cores", Runtime.getRuntime().availableProcessors())
                    .fix("a smaller mesh, --force, or partita plan, which takes any number")
                    .exception();
        }
        return compile(model, usualMesh, steps);
    }

    /// How the mesh is used, in words.
    String placement(Compilation compilation) {
        String dims =
                compilation.options().shards().stream()
                        .map(shard ->
                                shard.dim()
                                        + (shard.sharding().balanced() ? " balanced" : "")
                                        + " over "
                                        + String.join(" x ", shard.axes()))
                        .collect(Collectors.joining(", "));
        String split = compilation.options().zero().map(request -> ", " + request).orElse("");
        String from = compilation.options().dataParallelRequest().map(r -> ", " + r).orElse("");
        String stages = compilation.options().stageRequest().map(r -> ", " + r).orElse("");
        return compilation.options().mesh()
                + ", "
                + (dims.isEmpty() ? "nothing sharded" : dims)
                + from
                + split
                + stages;
    }

    /// The mesh as one would type it.
    static String meshOption(Compilation compilation) {
        return compilation.options().mesh().axes().stream()
                .map(axis -> axis.name() + "=" + axis.size())
                .collect(Collectors.joining(",", "--mesh ", ""));
    }

    private Map<String, String> shards(CompileOptions options, Model model) {
        if (!shards.isEmpty()) {
            return shards;
        }
        var usual = new LinkedHashMap<String, String>();
        for (Axis axis : options.mesh().axes()) {
            if (pipeline.isStages(axis.name())) {
                continue;
            }
            List<String> dims = USUAL.get(axis.name());
            if (dims == null) {
                throw unsaid(axis, options, model);
            }
            List<String> there = dims.stream().filter(dimsOf(model)::contains).toList();
            (there.isEmpty() ? dims.subList(0, 1) : there)
                    .forEach(dim -> usual.put(dim, axis.name()));
        }
        if (usual.containsKey("expert")) {
            // tokens of its own for every device, innermost so that they can be exchanged
            usual.merge("batch", "expert", (data, expert) -> data + "," + expert);
        }
        return usual;
    }

    /// An axis of which neither its name nor `--shard` says what it is for, with what it costs to
    /// shard each dim of the model over it alone.
    private static RuntimeException unsaid(Axis axis, CompileOptions options, Model model) {
        Problem problem =
                Problem.of(
                                ProblemCode.AMBIGUOUS_PLACEMENT,
                                "Nothing says which dim axis " + axis.name() + " shards.")
                        .fact("mesh", options.mesh());
        for (String dim : dimsOf(model)) {
            try {
                CompileOptions one = options.shard(dim).over(axis.name());
                Price price = Price.of(Compiler.compile(model, one).plan());
                problem = problem.fact("--shard " + dim + "=" + axis.name(), price);
            } catch (ProblemException refused) {
                // no choice
            }
        }
        return problem.fix(
                        "--shard DIM="
                                + axis.name()
                                + ", or name the axis data, context, tensor, expert or pipe")
                .exception();
    }

    private static Set<String> dimsOf(Model model) {
        return model.trace(1, Dtype.F32, false).nodes().stream()
                .flatMap(node -> node.results().stream())
                .flatMap(value -> value.type().shape().dims().stream())
                .map(Dim::name)
                .collect(Collectors.toCollection(LinkedHashSet::new));
    }
}
