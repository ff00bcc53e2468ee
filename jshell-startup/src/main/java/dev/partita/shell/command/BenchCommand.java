package dev.partita.shell.command;

import dev.partita.compiler.CompileOptions;
import dev.partita.compiler.Compiler;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.kernels.KernelLibraries;
import dev.partita.kernels.cpu.PrimitiveCeiling;
import dev.partita.models.ConvNet;
import dev.partita.shell.draw.Screen;
import dev.partita.shell.draw.Table;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `partita bench`: measures a training step beside the primitives it is made of, in one run.
@Command(
        name = "bench",
        description = {
            "Measures training steps of the ConvNet in f32: one device, two devices that share the batch, and oneDNN's"
                    + " primitives alone. They take turns, so that a busy machine slows all of them alike; the median"
                    + " of the rounds counts."
        })
final class BenchCommand implements Callable<Integer> {
    private static final List<String> NAMES = List.of("convnet");

    @Parameters(
            arity = "0..1",
            paramLabel = "NAME",
            description = "convnet, the only one in this version.")
    private String name = "convnet";

    @Option(
            names = "--batch",
            paramLabel = "N",
            description = "Examples per step. Default: ${DEFAULT-VALUE}.")
    private int batch = 256;

    @Option(names = "--rounds", paramLabel = "N", description = "Default: ${DEFAULT-VALUE}.")
    private int rounds = 15;

    @Mixin private JsonOption json = new JsonOption();

    private final Screen screen;

    BenchCommand(Screen screen) {
        this.screen = screen;
    }

    /// What `--json` writes.
    private record Result(List<Case> cases) {}

    /// One comparison.
    ///
    /// @param ratio of the two speeds
    /// @param fractionOfPeak speed per device over that of the primitives alone
    private record Case(
            String name,
            String peer,
            double samplesPerSecond,
            double peerSamplesPerSecond,
            double ratio,
            double fractionOfPeak) {}

    @Override
    public Integer call() {
        Optional<JsonFile> file = json.file();
        requireName();
        // The primitives run on this thread, under the conditions of a device's.
        KernelLibraries.cpu().prepareThread();
        try (PrimitiveCeiling primitives = primitives();
                var one = stepper(Mesh.ONE_DEVICE);
                var two = stepper(Mesh.of("data", 2))) {
            var contest = new Contest(List.of(primitives::step, one::step, two::step));
            List<Double> millis = contest.medianMillis(rounds);
            double peak = batch / millis.get(0) * 1e3;
            double alone = batch / millis.get(1) * 1e3;
            double shared = batch / millis.get(2) * 1e3;
            var result =
                    new Result(
                            List.of(
                                    new Case(
                                            "convnet",
                                            "oneDNN primitives",
                                            alone,
                                            peak,
                                            alone / peak,
                                            alone / peak),
                                    new Case(
                                            "convnet data=2",
                                            "convnet",
                                            shared,
                                            alone,
                                            shared / alone,
                                            shared / peak / 2)));
            show(result);
            file.ifPresent(each -> each.write(result));
        }
        return 0;
    }

    private void show(Result result) {
        var table = Table.of("case", "samples/s", "peer", "samples/s", "ratio", "of peak");
        for (Case each : result.cases()) {
            table.row(
                    each.name(),
                    "%,.0f".formatted(each.samplesPerSecond()),
                    each.peer(),
                    "%,.0f".formatted(each.peerSamplesPerSecond()),
                    "%.2f".formatted(each.ratio()),
                    "%.0f%%".formatted(100 * each.fractionOfPeak()));
        }
        screen.out().print(table.print());
    }

    private TrainingStep stepper(Mesh mesh) {
        CompileOptions options = CompileOptions.on(mesh).batch(batch);
        if (mesh.has("data")) {
            options = options.shard("batch").over("data");
        }
        return TrainingStep.open(Compiler.compile(ConvNet.model(), options), KernelLibraries.cpu());
    }

    private PrimitiveCeiling primitives() {
        return PrimitiveCeiling.convNet(batch, Dtype.F32)
                .orElseThrow(() ->
                        Problem.of(
                                        ProblemCode.UNSUPPORTED,
                                        "There is no oneDNN here to measure against.")
                                .fix("partita doctor")
                                .exception());
    }

    private void requireName() {
        if (!NAMES.contains(name)) {
            throw UnknownChoice.of("benchmark", name, NAMES);
        }
    }
}
