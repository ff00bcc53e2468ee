package dev.partita.shell.command;

import dev.partita.models.ConvNet;
import dev.partita.runtime.data.DataSplit;
import dev.partita.runtime.train.TrainingListener;
import dev.partita.shell.bench.Strategy;
import dev.partita.shell.bench.StrategyContest;
import dev.partita.shell.bench.StrategyResult;
import dev.partita.shell.draw.BarChart;
import dev.partita.shell.draw.BarChartSvg;
import dev.partita.shell.draw.BarChartText;
import dev.partita.shell.draw.LiveLine;
import dev.partita.shell.draw.Page;
import dev.partita.shell.draw.Screen;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `partita bench strategies`: the comparison that every introduction to distributed training
/// prints, measured.
@Command(
        name = "strategies",
        description = {
            "Trains the ConvNet on one device, as torch.nn.DataParallel does it, with all devices alike (DDP), and so in"
                    + " bf16 beside f32, and measures seconds per epoch, the memory of each device by what it is for, and"
                    + " the part of the time in which each device works. The four take turns of some steps each, so that"
                    + " a busy machine slows them alike; the median of the second half of the steps counts."
        })
final class BenchStrategiesCommand implements Callable<Integer> {
    private static final int COLUMNS = 40;

    @Option(
            names = "--devices",
            paramLabel = "N",
            description = {
                "Devices that share the batch, each a thread. More than there are cores wait for each other's cores.",
                "Default: ${DEFAULT-VALUE}."
            })
    private int devices = 2;

    @Option(
            names = "--batch",
            paramLabel = "N",
            description = "Examples per step, over all devices. Default: ${DEFAULT-VALUE}.")
    private int batch = 256;

    @Option(names = "--epochs", paramLabel = "N", description = "Default: ${DEFAULT-VALUE}.")
    private int epochs = 1;

    @Option(
            names = "--seed",
            paramLabel = "N",
            description = "Chooses first weights and order of examples. Default: ${DEFAULT-VALUE}.")
    private long seed = 1;

    @Option(
            names = "--html",
            paramLabel = "FILE",
            description = "Writes the table and the picture as a page that needs nothing else.")
    private @Nullable Path html;

    @Mixin private DataOption data = new DataOption();
    @Mixin private JsonOption json = new JsonOption();

    private final Screen screen;

    BenchStrategiesCommand(Screen screen) {
        this.screen = screen;
    }

    @Override
    public Integer call() {
        Optional<JsonFile> file = json.file();
        Optional<JsonFile> page = Optional.ofNullable(html).map(JsonFile::at);
        DataSplit examples = data.read(seed);
        var contest = new StrategyContest(ConvNet.model(), examples, batch, devices, epochs, seed);
        LiveLine line = screen.liveLine();
        StrategyResult result;
        try (var _ = Interruption.ofThisThread()) {
            result = contest.run(strategy -> progress(strategy, line));
        } finally {
            line.end();
        }
        screen.out().println(heading(result));
        screen.out().println();
        screen.out().print(result.table().print());
        for (BarChart chart : result.charts()) {
            screen.out().println();
            screen.out().print(BarChartText.draw(chart, COLUMNS));
        }
        file.ifPresent(each -> each.write(result));
        page.ifPresent(each -> each.writeText(page(result).html()));
        return 0;
    }

    private static TrainingListener progress(Strategy strategy, LiveLine line) {
        return new TrainingListener() {
            @Override
            public void step(Progress progress) {
                line.show(
                        String.format(
                                Locale.ROOT,
                                "%-12s  step %d of %d, loss %.4f",
                                strategy.words(),
                                progress.step(),
                                progress.steps(),
                                progress.loss()),
                        System.nanoTime());
            }
        };
    }

    private static String heading(StrategyResult result) {
        return "%s on %s, batch %d, %d %s"
                .formatted(
                        result.model(),
                        result.data(),
                        result.batch(),
                        result.epochs(),
                        result.epochs() == 1 ? "epoch" : "epochs");
    }

    private Page page(StrategyResult result) {
        Findings.Cpu cpu = Findings.ofThisMachine().cpu();
        String machine =
                "Measured on %s, %d cores, %d-bit vectors, JDK %s; devices are threads of this machine."
                        .formatted(
                                cpu.model(),
                                cpu.cores(),
                                cpu.vectorBits(),
                                Runtime.version().feature());
        return new Page(
                "Four ways to train, measured: " + heading(result),
                List.of(
                        "The four took turns of ten steps each. Seconds per epoch follow from the median step of the second"
                                + " half; memory is the measured peak of each device, by cause as planned; a device is busy"
                                + " while it computes, copies or sums, and not while it waits for another.",
                        machine),
                result.table().heading(),
                result.table().rows(),
                result.charts().stream().map(BarChartSvg::draw).toList());
    }
}
