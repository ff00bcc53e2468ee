package dev.partita.shell.command;

import dev.partita.compiler.pipeline.Durations;
import dev.partita.compiler.pipeline.PipelineSchedule;
import dev.partita.compiler.pipeline.ScheduleTimes;
import dev.partita.shell.draw.ScheduleChart;
import dev.partita.shell.draw.Screen;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `partita simulate schedule`: a pipeline's schedule alone, on given durations.
@Command(
        name = "schedule",
        description = {
            "The schedule of a pipeline alone, event by event, on given durations.",
            "The bubble rate is (cost - M(F+B+W)) / cost; cost is the longest time from the first start to the last"
                    + " end of a device. B and W are one action where the schedule does not split them. A transfer"
                    + " delays what reads it and occupies no device."
        })
final class SimulateScheduleCommand implements Callable<Integer> {
    private static final int COLUMNS = 100;

    @Option(
            names = "--style",
            paramLabel = "NAME",
            description = {
                "sequential, gpipe, 1f1b, interleaved, zb-h1, zb-h2, zb-v, dualpipe-v,",
                "or a file with a line of actions for each device, such as 0F0 0F1 0B0 0B1."
            })
    private String style = "1f1b";

    @Option(
            names = "--stages",
            paramLabel = "P",
            description = "Devices of the pipeline. Default: ${DEFAULT-VALUE}.")
    private int stages = 4;

    @Option(names = "--micro-batches", paramLabel = "M", description = "Default: ${DEFAULT-VALUE}.")
    private int microBatches = 8;

    @Option(
            names = "--chunks",
            paramLabel = "V",
            description = "Stages per device. Default: 2 for zb-v and dualpipe-v, otherwise 1.")
    private int chunks;

    @Option(
            names = "--forward",
            paramLabel = "MS",
            description = "Forward of a micro-batch on a device, F. Default: ${DEFAULT-VALUE}.")
    private double forward = 1;

    @Option(
            names = "--backward-input",
            paramLabel = "MS",
            description = "Gradients of its inputs, B. Default: ${DEFAULT-VALUE}.")
    private double backwardInput = 1;

    @Option(
            names = "--backward-weight",
            paramLabel = "MS",
            description = "Gradients of its weights, W. Default: ${DEFAULT-VALUE}.")
    private double backwardWeight = 1;

    @Option(
            names = "--transfer",
            paramLabel = "MS",
            description = "From one device to the next. Default: ${DEFAULT-VALUE}.")
    private double transfer;

    @Mixin private JsonOption json = new JsonOption();

    private final Screen screen;

    SimulateScheduleCommand(Screen screen) {
        this.screen = screen;
    }

    /// What `--json` writes.
    ///
    /// @param cost milliseconds of the device that takes longest
    /// @param peakActivations most micro-batches that a device keeps activations of
    /// @param schedule a line of actions for each device
    private record Result(
            String style,
            int devices,
            int stages,
            int microBatches,
            double bubbleRate,
            double cost,
            double peakActivations,
            List<Double> peakActivationsPerDevice,
            List<String> schedule) {}

    @Override
    public Integer call() {
        Optional<JsonFile> file = json.file();
        var durations = new Durations(forward, backwardInput, backwardWeight, transfer);
        PipelineSchedule schedule = ScheduleArgument.read(style, stages, microBatches, chunks);
        ScheduleTimes times = ScheduleTimes.of(schedule, durations);
        double peak = Collections.max(times.peakActivations());
        screen.out().print(ScheduleChart.draw(times, COLUMNS));
        screen.out()
                .printf(
                        "bubble rate %.4f, cost %.3f ms, activations of at most %s micro-batches%n",
                        times.bubbleRate(),
                        times.cost(),
                        "%.2f".formatted(peak).replace(".00", ""));
        file.ifPresent(each ->
                each.write(
                        new Result(
                                style,
                                schedule.devices().size(),
                                schedule.stages(),
                                schedule.microBatches(),
                                times.bubbleRate(),
                                times.cost(),
                                peak,
                                times.peakActivations(),
                                schedule.print().lines().toList())));
        return 0;
    }
}
