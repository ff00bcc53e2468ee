package dev.partita.shell.command;

import dev.partita.compiler.Compilation;
import dev.partita.compiler.CompileOptions;
import dev.partita.compiler.Compiler;
import dev.partita.compiler.cost.ClusterSpec;
import dev.partita.compiler.cost.DeviceSpec;
import dev.partita.compiler.plan.MemoryBytes;
import dev.partita.compiler.simulate.SimulatedStep;
import dev.partita.compiler.simulate.Simulator;
import dev.partita.compiler.simulate.Utilisation;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.models.Gpt;
import dev.partita.models.Transformer;
import dev.partita.shell.draw.Screen;
import dev.partita.shell.draw.Table;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `partita simulate training`: a training step of a gpt on devices that are not here.
@Command(
        name = "training",
        description = {
            "A training step on devices that are not here, event by event over its plan.",
            "Axis data shards the batch, tensor heads, ffn and vocab. Pipelines are not simulated yet: their schedules"
                    + " alone are, by partita simulate schedule.",
            "Devices are described by published peaks; nothing is calibrated on published runs yet, so compare plans"
                    + " with each other, not with a clock."
        })
final class SimulateTrainingCommand implements Callable<Integer> {
    @Option(names = "--model", paramLabel = "NAME", description = "gpt, the only one.")
    private String model = "gpt";

    @Option(names = "--layers", paramLabel = "N", description = "Default: ${DEFAULT-VALUE}.")
    private int layers = 24;

    @Option(names = "--hidden", paramLabel = "N", description = "Default: ${DEFAULT-VALUE}.")
    private long hidden = 2048;

    @Option(names = "--heads", paramLabel = "N", description = "Default: ${DEFAULT-VALUE}.")
    private long heads = 16;

    @Option(names = "--ffn", paramLabel = "N", description = "Default: four times --hidden.")
    private @Nullable Long ffn;

    @Option(names = "--vocab", paramLabel = "N", description = "Default: ${DEFAULT-VALUE}.")
    private long vocab = 51_200;

    @Option(names = "--seq", paramLabel = "N", description = "Default: ${DEFAULT-VALUE}.")
    private long sequence = 2048;

    @Option(
            names = "--global-batch",
            paramLabel = "N",
            description = "Sequences of a step. Default: ${DEFAULT-VALUE}.")
    private long globalBatch = 512;

    @Option(
            names = "--micro-batch",
            paramLabel = "N",
            description = "Sequences that a device computes at once. Default: all that it has.")
    private @Nullable Long microBatch;

    @Option(names = "--mesh", paramLabel = "AXIS=N,…", description = "Default: ${DEFAULT-VALUE}.")
    private String mesh = "data=8";

    @Option(
            names = "--zero",
            paramLabel = "STAGE",
            description = "0 to 3, over data. Default: ${DEFAULT-VALUE}.")
    private int zero;

    @Option(names = "--schedule", hidden = true)
    private @Nullable String schedule;

    @Option(
            names = "--precision",
            paramLabel = "TYPE",
            description = "bf16, f16 or f32. Default: ${DEFAULT-VALUE}.")
    private String precision = "bf16";

    @Option(
            names = "--gpu",
            paramLabel = "NAME",
            description = "a100-80gb, h100-80gb or h200. Default: ${DEFAULT-VALUE}.")
    private String gpu = "a100-80gb";

    @Option(names = "--gpus-per-node", paramLabel = "N", description = "Default: ${DEFAULT-VALUE}.")
    private int gpusPerNode = 8;

    @Mixin private RecomputeOptions recompute = new RecomputeOptions();
    @Mixin private JsonOption json = new JsonOption();

    private final Screen screen;

    SimulateTrainingCommand(Screen screen) {
        this.screen = screen;
    }

    /// What `--json` writes.
    private record Result(
            double stepSeconds,
            double modelTflopsPerGpu,
            double hardwareTflopsPerGpu,
            double mfu,
            double hfu,
            double bubbleFraction,
            double idleFraction,
            boolean fits,
            MemoryBytes memoryBytes) {}

    @Override
    public Integer call() {
        Optional<JsonFile> file = json.file();
        requireKnown();
        var cluster = new ClusterSpec(DeviceSpec.named(gpu), gpusPerNode);
        Compilation compilation = compile();
        SimulatedStep step = Simulator.run(compilation.plan(), cluster);
        Utilisation use = Utilisation.of(compilation.plan(), step, cluster.device());
        MemoryBytes memory = compilation.plan().memoryBytes();
        var result =
                new Result(
                        step.seconds(),
                        use.modelFlops() / 1e12,
                        use.hardwareFlops() / 1e12,
                        use.mfu(),
                        use.hfu(),
                        0,
                        step.idle(),
                        memory.total() <= cluster.device().memoryBytes(),
                        memory);
        show(compilation, result);
        file.ifPresent(each -> each.write(result));
        return 0;
    }

    private void requireKnown() {
        if (!model.equals("gpt")) {
            throw UnknownChoice.of("model to simulate", model, List.of("gpt"));
        }
        if (schedule != null || Mesh.parse(mesh).has("pipe")) {
            throw Problem.of(
                            ProblemCode.UNSUPPORTED,
                            "A training step in stages is not simulated yet.")
                    .fact("mesh", mesh)
                    .fix("partita simulate schedule for the schedule alone, or a mesh without pipe")
                    .exception();
        }
    }

    private Compilation compile() {
        Mesh devices = Mesh.parse(mesh);
        CompileOptions options =
                CompileOptions.on(devices)
                        .batch(globalBatch)
                        .microBatches(microBatches(devices))
                        .precision(PrecisionWord.of(precision))
                        .recompute(recompute.choice());
        if (devices.has("data")) {
            options = options.shard("batch").over("data");
        }
        if (devices.has("tensor")) {
            for (String dim : List.of("heads", "ffn", "vocab")) {
                options = options.shard(dim).over("tensor");
            }
        }
        options = zero == 0 ? options : options.zero(zero).over("data");
        long width = ffn == null ? 4 * hidden : ffn;
        return Compiler.compile(
                Gpt.of(Transformer.of(layers, hidden, heads, width, vocab, sequence)), options);
    }

    private long microBatches(Mesh devices) {
        long share = globalBatch / (devices.has("data") ? devices.size("data") : 1);
        long each = microBatch == null ? Math.max(1, share) : microBatch;
        if (each < 1 || share % each != 0) {
            throw Problem.of(
                            ProblemCode.INDIVISIBLE_DIM,
                            "A device's sequences do not divide into such micro-batches.")
                    .fact("sequences of a device", share)
                    .fact("--micro-batch", each)
                    .fix("a divisor of " + share)
                    .exception();
        }
        return share / each;
    }

    private void show(Compilation compilation, Result result) {
        MemoryBytes memory = result.memoryBytes();
        screen.out()
                .printf(
                        "gpt on %s of %s: %.3f s a step, MFU %.1f %%, HFU %.1f %%, %.0f TFLOP/s of the model a device,"
                                + " idle %.1f %%%n",
                        compilation.options().mesh(),
                        gpu,
                        result.stepSeconds(),
                        100 * result.mfu(),
                        100 * result.hfu(),
                        result.modelTflopsPerGpu(),
                        100 * result.idleFraction());
        var table = Table.of("memory of a device", "GiB");
        row(table, "weights", memory.weights());
        row(table, "gradients", memory.gradients());
        row(table, "optimizer", memory.optimizer());
        row(table, "activations", memory.activations());
        row(table, "buffers", memory.buffers());
        if (memory.shared() > 0) {
            row(table, "gradients where copies of weights lay", memory.shared());
        }
        row(table, "total" + (result.fits() ? "" : ", more than the device has"), memory.total());
        screen.out().print(table.print());
    }

    private static void row(Table table, String what, long bytes) {
        table.row(what, "%.2f".formatted(bytes / (double) (1L << 30)));
    }
}
