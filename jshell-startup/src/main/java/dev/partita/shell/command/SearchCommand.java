package dev.partita.shell.command;

import dev.partita.compiler.cost.ClusterSpec;
import dev.partita.compiler.search.Estimate;
import dev.partita.compiler.search.Rejected;
import dev.partita.compiler.search.Search;
import dev.partita.compiler.search.SearchResult;
import dev.partita.compiler.search.Strategy;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.models.Gpt;
import dev.partita.shell.draw.Screen;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `partita search`: the fastest ways to train a gpt on devices that are not here, and what decides
/// against each of the others.
@Command(
        name = "search",
        description = {
            "Which strategy trains a gpt fastest on a cluster: meshes over data, tensor and pipe, sequence parallelism,",
            "ZeRO, schedules, stages per device, micro-batches and recomputation, estimated from small plans.",
            "Says of every other strategy what decides against it."
        })
final class SearchCommand implements Callable<Integer> {
    private static final double GIB = 1L << 30;

    @Parameters(arity = "0..1", paramLabel = "MODEL", description = "gpt, the only one.")
    private String model = "gpt";

    @Mixin private GptOptions gpt = new GptOptions();
    @Mixin private ClusterOptions devices = new ClusterOptions();

    @Option(
            names = "--gpus",
            paramLabel = "N",
            description = "Devices, all of which are used. Default: ${DEFAULT-VALUE}.")
    private int gpus = 64;

    @Option(
            names = "--memory",
            paramLabel = "GIB",
            description = "Of a device. Default: all that it has.")
    private @Nullable Double memory;

    @Option(
            names = "--precision",
            paramLabel = "TYPE",
            description = "bf16, f16 or f32. Default: ${DEFAULT-VALUE}.")
    private String precision = "bf16";

    @Option(names = "--all", description = "Prints every rejected strategy with its reason.")
    private boolean all;

    @Mixin private JsonOption json = new JsonOption();

    private final Screen screen;

    SearchCommand(Screen screen) {
        this.screen = screen;
    }

    /// What `--json` writes.
    ///
    /// @param run how to see the fastest by itself
    /// @param plans small plans that were compiled
    /// @param seconds that the search took
    private record Result(
            List<Ranked> ranked, List<Loser> rejected, String run, int plans, double seconds) {}

    private record Ranked(
            String mesh,
            boolean sequenceParallel,
            int zero,
            String schedule,
            int chunks,
            long microBatch,
            String recompute,
            double stepSeconds,
            double mfu,
            double hfu,
            double bubbleFraction,
            long bytes,
            int fullestStage) {
        static Ranked of(Estimate each) {
            Strategy strategy = each.strategy();
            return new Ranked(
                    SearchCommand.mesh(strategy),
                    strategy.sequenceParallel(),
                    strategy.zero(),
                    SearchCommand.schedule(strategy),
                    strategy.chunks(),
                    strategy.microBatch(),
                    SearchCommand.recompute(strategy),
                    each.seconds(),
                    each.use().mfu(),
                    each.use().hfu(),
                    each.bubble(),
                    each.memory().total(),
                    each.stage());
        }
    }

    /// @param of `rule`, `memory`, `needless` or `slower`; where a rule is broken, one stands for
    ///   all strategies of its mesh and schedule
    private record Loser(
            String mesh,
            boolean sequenceParallel,
            int zero,
            String schedule,
            int chunks,
            long microBatch,
            String recompute,
            String of,
            String because) {
        static Loser of(Rejected each) {
            Strategy strategy = each.strategy();
            return new Loser(
                    SearchCommand.mesh(strategy),
                    strategy.sequenceParallel(),
                    strategy.zero(),
                    SearchCommand.schedule(strategy),
                    strategy.chunks(),
                    strategy.microBatch(),
                    SearchCommand.recompute(strategy),
                    each.kind().word(),
                    each.because());
        }
    }

    @Override
    public Integer call() {
        if (!model.equals("gpt")) {
            throw UnknownChoice.of("model to search for", model, List.of("gpt"));
        }
        Optional<JsonFile> file = json.file();
        SearchResult result =
                Search.of(
                        Gpt.layered(gpt.gpt()),
                        gpus,
                        gpt.globalBatch(),
                        PrecisionWord.of(precision),
                        cluster());
        screen.out().print(result.print());
        if (all) {
            result.rejected().forEach(screen.out()::println);
        }
        String run = run(result.best().strategy());
        screen.out().println("to see the first: " + run);
        file.ifPresent(each ->
                each.write(
                        new Result(
                                result.ranked().stream().map(Ranked::of).toList(),
                                result.rejected().stream().map(Loser::of).toList(),
                                run,
                                result.plans(),
                                result.seconds())));
        return 0;
    }

    private ClusterSpec cluster() {
        ClusterSpec whole = devices.cluster();
        if (memory == null) {
            return whole;
        }
        if (!(memory > 0)) {
            throw Problem.of(ProblemCode.INVALID_ARGUMENT, "A device has some memory.")
                    .fact("--memory", memory)
                    .fix("--memory 80")
                    .exception();
        }
        return new ClusterSpec(
                whole.device().memory(Math.round(memory * GIB)),
                whole.devicesPerNode(),
                whole.scores());
    }

    /// The command that shows a strategy by itself: its plan, or where a plan's options do not say
    /// which layers a sequence is split in, its simulation.
    private String run(Strategy strategy) {
        String same =
                " --mesh %s%s%s --recompute %s --precision %s --gpu %s --gpus-per-node %d"
                        .formatted(
                                SearchCommand.mesh(strategy),
                                strategy.zero() == 0 ? "" : " --zero " + strategy.zero(),
                                strategy.pipe() == 1
                                        ? ""
                                        : " --schedule "
                                                + strategy.schedule()
                                                + " --chunks "
                                                + strategy.chunks(),
                                SearchCommand.recompute(strategy),
                                precision,
                                devices.gpu(),
                                devices.gpusPerNode());
        long batch = gpt.globalBatch();
        return strategy.sequenceParallel()
                ? "partita simulate training %s --global-batch %d --micro-batch %d --sequence-parallel%s"
                        .formatted(gpt.sizes(), batch, strategy.microBatch(), same)
                : "partita plan gpt %s --batch %d --micro-batches %d%s"
                        .formatted(gpt.sizes(), batch, strategy.microBatches(batch), same);
    }

    private static String mesh(Strategy strategy) {
        return strategy.mesh().axes().stream()
                .map(axis -> axis.name() + "=" + axis.size())
                .collect(Collectors.joining(","));
    }

    private static String schedule(Strategy strategy) {
        return strategy.pipe() == 1 ? "" : strategy.schedule();
    }

    /// As on the command line.
    private static String recompute(Strategy strategy) {
        return strategy.recompute().toString().replace("()", "");
    }
}
