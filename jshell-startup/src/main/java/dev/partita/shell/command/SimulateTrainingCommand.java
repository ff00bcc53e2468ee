package dev.partita.shell.command;

import dev.partita.compiler.Compilation;
import dev.partita.compiler.Compiler;
import dev.partita.compiler.cost.ClusterSpec;
import dev.partita.compiler.pipeline.Schedules;
import dev.partita.compiler.plan.MemoryBytes;
import dev.partita.compiler.search.Estimate;
import dev.partita.compiler.search.LayeredModel;
import dev.partita.compiler.search.Strategy;
import dev.partita.compiler.simulate.SimulatedStep;
import dev.partita.compiler.simulate.Simulator;
import dev.partita.compiler.simulate.Utilisation;
import dev.partita.dsl.mesh.Axis;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.models.Gpt;
import dev.partita.shell.draw.Screen;
import dev.partita.shell.draw.Table;
import dev.partita.shell.draw.TimelinePicture;
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
            "Axis data shards the batch, tensor heads, ffn and vocab; the model is cut into stages along pipe.",
            "Large models are estimated from plans of a few of their blocks, unless --whole says otherwise.",
            "Devices are data files; the A100's was calibrated on four published runs: partita simulate published."
        })
final class SimulateTrainingCommand implements Callable<Integer> {
    /// Blocks times micro-batches up to which the whole plan is compiled.
    private static final long WHOLE = 256;

    private static final List<String> AXES = List.of("data", "tensor", "pipe");

    @Mixin private GptOptions gpt = new GptOptions();
    @Mixin private ClusterOptions devices = new ClusterOptions();

    @Option(
            names = "--micro-batch",
            paramLabel = "N",
            description =
                    "Sequences that a device computes at once. Default: all that it has; 1 with stages.")
    private @Nullable Long microBatch;

    @Option(
            names = "--mesh",
            paramLabel = "AXIS=N,…",
            description = "Axes data, tensor and pipe. Default: ${DEFAULT-VALUE}.")
    private String mesh = "data=8";

    @Option(
            names = "--zero",
            paramLabel = "STAGE",
            description = "0 to 3, over data. Default: ${DEFAULT-VALUE}.")
    private int zero;

    @Option(
            names = "--sequence-parallel",
            description = "Splits norms and residual sums along the sequence, over tensor.")
    private boolean sequenceParallel;

    @Option(
            names = "--schedule",
            paramLabel = "NAME",
            description = "gpipe, 1f1b, interleaved, zb-h1, zb-h2, zb-v, … Default: 1f1b.")
    private @Nullable String schedule;

    @Option(
            names = "--chunks",
            paramLabel = "V",
            description = "Stages per device. Default: 2 for interleaved, zb-v and dualpipe-v.")
    private @Nullable Integer chunks;

    @Option(
            names = "--precision",
            paramLabel = "TYPE",
            description = "bf16, f16 or f32. Default: ${DEFAULT-VALUE}.")
    private String precision = "bf16";

    @Option(names = "--whole", description = "Compiles the whole plan, however large.")
    private boolean whole;

    @Mixin private RecomputeOptions recompute = new RecomputeOptions();
    @Mixin private JsonOption json = new JsonOption();
    @Mixin private TimelineOption timeline = new TimelineOption();

    private final Screen screen;

    SimulateTrainingCommand(Screen screen) {
        this.screen = screen;
    }

    /// What `--json` writes.
    ///
    /// @param bubbleFraction the part of the time between the first and the last action of the
    ///   device where that is longest, in which it does no action of the schedule
    /// @param idleFraction the part of the step in which the device that computes longest does not;
    ///   of a whole plan only
    /// @param from `whole plan`, or `plans of a few blocks`
    private record Result(
            String strategy,
            double stepSeconds,
            double modelTflopsPerGpu,
            double hardwareTflopsPerGpu,
            double mfu,
            double hfu,
            double bubbleFraction,
            @Nullable Double idleFraction,
            int fullestStage,
            boolean fits,
            MemoryBytes memoryBytes,
            String from) {}

    @Override
    public Integer call() {
        Optional<JsonFile> file = json.file();
        LayeredModel model = Gpt.layered(gpt.gpt());
        ClusterSpec cluster = devices.cluster();
        Strategy strategy = strategy(model);
        long work = model.blocks() * strategy.microBatches(gpt.globalBatch());
        boolean all = whole || work <= WHOLE;
        if (timeline.isWanted() && !all) {
            throw Problem.of(
                            ProblemCode.UNSUPPORTED,
                            "What is estimated from plans of a few blocks has no timeline.")
                    .fact("blocks times micro-batches", work)
                    .fix(
                            "--whole, or partita plan gpt … --timeline, which repeats two micro-batches")
                    .exception();
        }
        Result result =
                all
                        ? compiled(model, strategy, cluster, timeline.drawing(screen))
                        : estimated(model, strategy, cluster);
        show(strategy, result);
        file.ifPresent(each -> each.write(result));
        return 0;
    }

    private Result compiled(
            LayeredModel model,
            Strategy strategy,
            ClusterSpec cluster,
            TimelineOption.Drawing drawing) {
        Compilation compilation =
                Compiler.compile(model.model(), strategy.options(model, gpt.globalBatch()));
        SimulatedStep step = Simulator.run(compilation.plan(), cluster);
        drawing.draw(() -> TimelinePicture.predicted(compilation, cluster));
        Utilisation use = Utilisation.of(compilation.plan(), step, cluster.device());
        int fullest = 0;
        for (int i = 0; i < compilation.plan().programs().size(); i++) {
            boolean fuller =
                    compilation.plan().programs().get(i).arenaBytes()
                            > compilation.plan().programs().get(fullest).arenaBytes();
            fullest = fuller ? i : fullest;
        }
        return result(
                strategy,
                step.seconds(),
                use,
                step.bubble(),
                step.idle(),
                fullest,
                compilation.plan().memoryBytes(),
                cluster,
                "whole plan");
    }

    private Result estimated(LayeredModel model, Strategy strategy, ClusterSpec cluster) {
        Estimate estimate = Estimate.of(model, strategy, gpt.globalBatch(), cluster);
        return result(
                strategy,
                estimate.seconds(),
                estimate.use(),
                estimate.bubble(),
                null,
                estimate.stage(),
                estimate.memory(),
                cluster,
                "plans of a few blocks");
    }

    private static Result result(
            Strategy strategy,
            double seconds,
            Utilisation use,
            double bubble,
            @Nullable Double idle,
            int stage,
            MemoryBytes memory,
            ClusterSpec cluster,
            String from) {
        return new Result(
                strategy.toString(),
                seconds,
                use.modelFlops() / 1e12,
                use.hardwareFlops() / 1e12,
                use.mfu(),
                use.hfu(),
                bubble,
                idle,
                stage,
                memory.total() <= cluster.device().memoryBytes(),
                memory,
                from);
    }

    private Strategy strategy(LayeredModel model) {
        Mesh named = Mesh.parse(mesh);
        for (Axis axis : named.axes()) {
            if (!AXES.contains(axis.name())) {
                throw UnknownChoice.of("axis to simulate", axis.name(), AXES);
            }
        }
        int pipe = size(named, "pipe");
        String style = schedule == null ? "1f1b" : schedule;
        int made = Schedules.named(style).chunks();
        int each = pipe == 1 ? 1 : chunks != null ? chunks : made == 0 ? 2 : made;
        if (model.blocks() % (pipe * each) != 0) {
            throw Problem.of(
                            ProblemCode.INDIVISIBLE_DIM,
                            "The blocks do not divide into stages of equal size.")
                    .fact("--layers", model.blocks())
                    .fact("stages", pipe * each)
                    .fix("a multiple of " + pipe * each + " blocks, or fewer stages")
                    .exception();
        }
        int data = size(named, "data");
        long share = Math.max(1, gpt.globalBatch() / data);
        long batch = microBatch != null ? microBatch : pipe > 1 ? 1 : share;
        if (batch < 1 || share % batch != 0 || gpt.globalBatch() % data != 0) {
            throw Problem.of(
                            ProblemCode.INDIVISIBLE_DIM,
                            "A device's sequences do not divide into such micro-batches.")
                    .fact("--global-batch", gpt.globalBatch())
                    .fact("sequences of a device", share)
                    .fact("--micro-batch", batch)
                    .fix("a divisor of " + share)
                    .exception();
        }
        return new Strategy(
                data,
                size(named, "tensor"),
                pipe,
                each,
                sequenceParallel,
                zero,
                style,
                batch,
                recompute.choice(),
                PrecisionWord.of(precision));
    }

    private static int size(Mesh mesh, String axis) {
        return mesh.has(axis) ? mesh.size(axis) : 1;
    }

    private void show(Strategy strategy, Result result) {
        MemoryBytes memory = result.memoryBytes();
        screen.out()
                .printf(
                        "gpt, %s, on %d %s: %.3f s a step, MFU %.1f %%, HFU %.1f %%, %.0f TFLOP/s of the model a"
                                + " device, bubble %.1f %%%n",
                        strategy,
                        strategy.devices(),
                        devices.gpu(),
                        result.stepSeconds(),
                        100 * result.mfu(),
                        100 * result.hfu(),
                        result.modelTflopsPerGpu(),
                        100 * result.bubbleFraction());
        String where = strategy.pipe() == 1 ? "" : " of stage " + result.fullestStage();
        var table = Table.of("memory of a device" + where, "GiB");
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
        screen.out().println("simulated from: " + result.from());
    }

    private static void row(Table table, String what, long bytes) {
        table.row(what, "%.2f".formatted(bytes / (double) (1L << 30)));
    }
}
