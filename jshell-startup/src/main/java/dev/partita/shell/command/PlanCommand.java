package dev.partita.shell.command;

import dev.partita.compiler.Compilation;
import dev.partita.compiler.CompileOptions;
import dev.partita.compiler.Compiler;
import dev.partita.compiler.cost.ClusterSpec;
import dev.partita.compiler.cost.DeviceSpec;
import dev.partita.compiler.plan.ExecutionPlan;
import dev.partita.compiler.plan.MemoryBytes;
import dev.partita.compiler.plan.PlanDescription;
import dev.partita.compiler.plan.PlanDescription.CollectiveDescription;
import dev.partita.compiler.plan.PlanDescription.RoleDescription;
import dev.partita.compiler.plan.Timeline;
import dev.partita.compiler.search.RepeatedRole;
import dev.partita.compiler.search.RepeatedStep;
import dev.partita.compiler.simulate.SimulatedStep;
import dev.partita.compiler.simulate.Simulator;
import dev.partita.dsl.layer.Model;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.shell.draw.Screen;
import dev.partita.shell.draw.Table;
import dev.partita.shell.draw.TimelinePicture;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `partita plan`: compiles only, for any number of devices.
@Command(
        name = "plan",
        description =
                "Compiles a model for any number of devices and prints what each of them does.")
final class PlanCommand implements Callable<Integer> {
    private static final List<String> FORMATS = List.of("text", "json", "html", "trace");
    private static final String STEP =
            "a step takes %.4g s on %s, %d a node, by simulation; bubble %.1f %%%n";
    private static final double GIB = 1L << 30;

    /// Nodes of all micro-batches that are compiled one by one.
    private static final long WRITTEN_OUT = 20_000;

    @Mixin private ModelArgument model = new ModelArgument();
    @Mixin private StrategyOptions strategy = new StrategyOptions();
    @Mixin private JsonOption json = new JsonOption();
    @Mixin private TimelineOption timeline = new TimelineOption();

    @Option(
            names = "--format",
            paramLabel = "FORMAT",
            description = {
                "text, json, html (the step in time as a page) or trace (the same for Perfetto), to the terminal.",
                "Default: ${DEFAULT-VALUE}."
            })
    private String format = "text";

    @Option(
            names = "--gpu",
            paramLabel = "NAME",
            description = {
                "Simulates the step on a100-80gb, h100-80gb, h200, zen4-2-cores, or what a file describes that partita",
                "bench --calibrate wrote. Default: ${DEFAULT-VALUE}."
            })
    private String gpu = "a100-80gb";

    @Option(names = "--gpus-per-node", paramLabel = "N", description = "Default: ${DEFAULT-VALUE}.")
    private int gpusPerNode = 8;

    private final Screen screen;

    PlanCommand(Screen screen) {
        this.screen = screen;
    }

    /// What `--json` writes: the plan as data.
    ///
    /// @param writtenMicroBatches those whose collectives are listed; the others do as the last
    /// @param stepSeconds simulated on `--gpu`
    /// @param bubbleFraction of [SimulatedStep#bubble]; none without stages
    private record Result(
            String model,
            String mesh,
            int devices,
            long microBatches,
            long writtenMicroBatches,
            long steps,
            List<CollectiveDescription> collectives,
            List<Long> peakBytesPerDevice,
            MemoryBytes memoryBytes,
            List<RoleDescription> roles,
            double stepSeconds,
            double bubbleFraction) {}

    @Override
    public Integer call() {
        requireFormat();
        Optional<JsonFile> file = json.file();
        TimelineOption.Drawing drawing = timeline.drawing(screen);
        var cluster = new ClusterSpec(DeviceSpec.named(gpu), gpusPerNode);
        Model network = strategy.smoothed(model.model());
        CompileOptions options = strategy.options(network, "", Long.MAX_VALUE);
        Planned planned =
                isLong(network, options)
                        ? repeated(RepeatedStep.of(network, options, cluster))
                        : whole(Compiler.compile(network, options), cluster);
        switch (format) {
            case "json" -> screen.out().println(JsonFile.text(planned.result()));
            case "html" -> screen.out().print(planned.picture().get().html());
            case "trace" -> screen.out().println(planned.picture().get().trace());
            default -> {}
        }
        drawing.draw(planned.picture());
        file.ifPresent(each -> each.write(planned.result()));
        return 0;
    }

    /// A plan, and a picture of it in case it is wanted.
    private record Planned(Result result, Supplier<TimelinePicture> picture) {}

    /// True for a step that has so many nodes that it is not written out: the devices would do the
    /// same for one micro-batch after the other.
    private static boolean isLong(Model network, CompileOptions options) {
        long nodes = network.trace(options.batch(), Dtype.F32, true).nodes().size();
        return options.stageRequest().isPresent()
                && options.microBatches() > 4
                && nodes * options.microBatches() > WRITTEN_OUT;
    }

    private Planned whole(Compilation compilation, ClusterSpec cluster) {
        PlanDescription plan = PlanDescription.of(compilation.plan());
        SimulatedStep step = Simulator.run(compilation.plan(), cluster);
        if (format.equals("text")) {
            if (compilation.options().precision().isMixed()) {
                screen.out().print(compilation.policy());
            }
            screen.out().print(memory(plan.memoryBytes()).print());
            screen.out().print(compilation.plan().print());
            screen.out().printf(STEP, step.seconds(), gpu, gpusPerNode, 100 * step.bubble());
        }
        var result =
                new Result(
                        plan.model(),
                        plan.mesh(),
                        plan.devices(),
                        compilation.options().microBatches(),
                        compilation.options().microBatches(),
                        plan.steps(),
                        plan.collectives(),
                        plan.peakBytesPerDevice(),
                        plan.memoryBytes(),
                        plan.roles(),
                        step.seconds(),
                        step.bubble());
        return new Planned(
                result,
                () ->
                        picture(
                                plan.model() + " on " + plan.mesh(),
                                step.timeline(compilation.plan(), predicted()),
                                step.bubble(),
                                List.of()));
    }

    private Planned repeated(RepeatedStep step) {
        ExecutionPlan two = step.two().plan();
        if (format.equals("text")) {
            show(step);
        }
        var result =
                new Result(
                        two.model(),
                        two.mesh().toString(),
                        two.devices(),
                        step.schedule().microBatches(),
                        2,
                        step.roles().stream().mapToLong(RepeatedRole::steps).max().orElse(0),
                        PlanDescription.of(two).collectives(),
                        two.programOf().stream()
                                .map(program -> step.roles().get(program).memory().total())
                                .toList(),
                        step.memoryBytes(),
                        step.roles().stream()
                                .map(role ->
                                        new RoleDescription(
                                                role.role(),
                                                role.devices(),
                                                Math.toIntExact(role.steps()),
                                                role.sentBytes(),
                                                role.memory()))
                                .toList(),
                        step.seconds(),
                        step.bubble());
        return new Planned(
                result,
                () ->
                        picture(
                                two.model() + " on " + two.mesh(),
                                step.timeline(predicted()),
                                step.bubble(),
                                List.of(
                                        step.schedule()
                                                + ". A span is an action of the schedule; its time is that of the same"
                                                + " action in the plan of two micro-batches.")));
    }

    private String predicted() {
        return "predicted on " + gpu;
    }

    private static TimelinePicture picture(
            String title, Timeline timeline, double bubble, List<String> more) {
        List<String> sentences = new ArrayList<>();
        sentences.add(
                "A step takes %.4g s, %s; bubble %.1f %%."
                        .formatted(timeline.seconds(), timeline.name(), 100 * bubble));
        sentences.addAll(more);
        return new TimelinePicture(title, sentences, List.of(timeline));
    }

    private void show(RepeatedStep step) {
        screen.out()
                .printf(
                        "plan %s on %s: %,d devices; %s%n",
                        step.two().model().name(),
                        step.two().options().mesh(),
                        step.two().plan().devices(),
                        step.schedule());
        screen.out()
                .println(
                        "verified: what two micro-batches do, on all devices, and the order of all of them: no device waits"
                                + " for ever");
        var table = Table.of("role", "devices", "steps", "collectives", "sent GiB", "peak GiB");
        for (RepeatedRole role : step.roles()) {
            table.row(
                    role.role(),
                    "" + role.devices(),
                    "%,d".formatted(role.steps()),
                    "%,d".formatted(role.collectives()),
                    "%.2f".formatted(role.sentBytes() / GIB),
                    "%.2f".formatted(role.memory().total() / GIB));
        }
        screen.out().print(table.print());
        screen.out().printf(STEP, step.seconds(), gpu, gpusPerNode, 100 * step.bubble());
    }

    private static Table memory(MemoryBytes memory) {
        var table = Table.of("memory of the fullest device", "bytes");
        row(table, "weights", memory.weights());
        row(table, "gradients", memory.gradients());
        row(table, "optimizer", memory.optimizer());
        row(table, "activations", memory.activations());
        row(table, "buffers", memory.buffers());
        if (memory.shared() > 0) {
            row(table, "gradients where copies of weights lay", -memory.shared());
        }
        row(table, "total", memory.total());
        return table;
    }

    private static void row(Table table, String what, long bytes) {
        table.row(what, "%,d".formatted(bytes));
    }

    private void requireFormat() {
        if (!FORMATS.contains(format)) {
            throw UnknownChoice.of("format of a plan", format, FORMATS);
        }
    }
}
