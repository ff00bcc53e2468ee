package dev.partita.shell.command;

import dev.partita.compiler.Precision;
import dev.partita.shell.bench.BenchResult;
import dev.partita.shell.bench.Benchmark;
import dev.partita.shell.bench.PeerProgram;
import dev.partita.shell.bench.ProfileTable;
import dev.partita.shell.bench.Workload;
import dev.partita.shell.draw.Screen;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `partita bench`: measures training steps beside what else computes the same, in one run.
@Command(
        name = "bench",
        description = {
            "Measures a training step on one device and on several that share the batch, beside what else computes the"
                    + " same. All take turns, so that a busy machine slows them alike; the median of the rounds counts."
        })
final class BenchCommand implements Callable<Integer> {
    private static final String ALL = "all";

    @Parameters(
            arity = "0..1",
            paramLabel = "NAME",
            description = "gpt, convnet, mlp, tiny or all. Default: ${DEFAULT-VALUE}.")
    private String name = "convnet";

    @Option(
            names = "--precision",
            paramLabel = "TYPE,…",
            split = ",",
            description = "Default: f32,bf16, and of tiny f32.")
    private @Nullable List<String> precisions;

    @Option(
            names = "--threads",
            paramLabel = "N,…",
            split = ",",
            description = {
                "Numbers of threads; each of ours is a device, and they share the batch.",
                "Default: 1,2, and of tiny 1."
            })
    private @Nullable List<Integer> threads;

    @Option(
            names = "--batch",
            paramLabel = "N",
            description = "Examples per step. Default: 16 for gpt, 10 for tiny, else 256.")
    private @Nullable Integer batch;

    @Option(names = "--rounds", paramLabel = "N", description = "Default: ${DEFAULT-VALUE}.")
    private int rounds = 15;

    @Option(
            names = "--peer",
            paramLabel = "FOLDER",
            description = {
                "Where the program is that does the same with libtorch, or none.",
                "Default: where it is built to."
            })
    private @Nullable String peer;

    @Option(
            names = "--profile",
            description = "Shows instead where the time of a step goes, op by op.")
    private boolean profile;

    @Option(
            names = "--calibrate",
            paramLabel = "FILE.properties",
            description = {
                "Measures instead what a virtual device of this machine can do, and describes it in this file, for",
                "--gpu and --beside of other commands. Takes a minute; nothing else should run."
            })
    private @Nullable Path calibrate;

    @Mixin private JsonOption json = new JsonOption();

    private final Screen screen;

    BenchCommand(Screen screen) {
        this.screen = screen;
    }

    @Override
    public Integer call() {
        Optional<JsonFile> file = json.file();
        if (calibrate != null) {
            new CalibrationFile(screen).write(calibrate);
            return 0;
        }
        if (profile) {
            List<Benchmark.Profile> profiles =
                    benchmarks(Optional.empty()).stream()
                            .flatMap(each -> each.profiles().stream())
                            .toList();
            profiles.forEach(this::show);
            file.ifPresent(each -> each.write(new Profiles(profiles)));
            return 0;
        }
        var cases = new ArrayList<BenchResult.Case>();
        for (Benchmark benchmark : benchmarks(peer())) {
            List<BenchResult.Case> measured = benchmark.measure(rounds);
            screen.out().print(new BenchResult(measured).print());
            cases.addAll(measured);
        }
        file.ifPresent(each -> each.write(new BenchResult(cases)));
        return 0;
    }

    /// What `--profile --json` writes.
    private record Profiles(List<Benchmark.Profile> profiles) {}

    private void show(Benchmark.Profile each) {
        screen.out().println(each.name() + ": " + each.profile());
        screen.out().print(ProfileTable.print(each.profile()));
    }

    private Optional<PeerProgram> peer() {
        if (peer != null) {
            return peer.equals("none")
                    ? Optional.empty()
                    : Optional.of(PeerProgram.in(Path.of(peer)));
        }
        Optional<PeerProgram> found = PeerProgram.find();
        if (found.isEmpty()) {
            screen.out().println("libtorch is not here to measure beside.");
            screen.out().println("  try: " + PeerProgram.HOW_TO_GET);
        }
        return found;
    }

    private List<Benchmark> benchmarks(Optional<PeerProgram> program) {
        var benchmarks = new ArrayList<Benchmark>();
        for (Workload workload : workloads()) {
            int examples = batch == null ? workload.batch() : batch;
            for (Precision precision : precisions(workload)) {
                benchmarks.add(
                        new Benchmark(
                                workload,
                                examples,
                                precision,
                                threads == null ? workload.devices() : threads,
                                program));
            }
        }
        return benchmarks;
    }

    private List<Precision> precisions(Workload workload) {
        return precisions == null
                ? workload.precisions()
                : precisions.stream().map(PrecisionWord::of).toList();
    }

    private List<Workload> workloads() {
        return name.equals(ALL)
                ? List.of(Workload.values())
                : List.of(
                        Workload.named(name)
                                .orElseThrow(() ->
                                        UnknownChoice.of(
                                                "benchmark",
                                                name,
                                                Stream.concat(
                                                                Workload.words().stream(),
                                                                Stream.of(ALL))
                                                        .toList())));
    }
}
