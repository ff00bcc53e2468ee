package dev.partita.runtime.train;

import static com.google.common.truth.Truth.assertWithMessage;

import dev.partita.compiler.Compilation;
import dev.partita.compiler.plan.Binding;
import dev.partita.example.RandomCase;
import dev.partita.kernels.KernelLibraries;
import dev.partita.runtime.execute.Session;
import dev.partita.runtime.execute.SessionOptions;
import dev.partita.runtime.state.Checkpoint;
import dev.partita.runtime.state.HostTensor;
import dev.partita.runtime.state.TrainingPoint;
import dev.partita.runtime.state.TrainingState;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.stream.LongStream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Whatever network is drawn, and on whatever two meshes with whatever two placements: what one
/// trains and writes, the other reads and trains on, as if nothing had been in between.
///
/// To replay one case: `-Dproperty.first=SEED -Dproperty.cases=1`.
final class RandomReshardTest {
    private static final long FIRST = Long.getLong("property.first", 0);
    private static final long CASES = Math.min(200, Long.getLong("property.cases", 200));
    private static final int STEPS = 2;

    @TempDir private Path folder;

    static LongStream seeds() {
        return LongStream.range(FIRST, FIRST + CASES);
    }

    @ParameterizedTest(name = "a training goes on under another placement, seed {0}")
    @MethodSource("seeds")
    void a_training_goes_on_under_another_placement(long seed) {
        RandomCase drawn = RandomCase.draw(seed);
        Compilation before = drawn.compile();
        Compilation after = drawn.placedAnew(seed + 1_000_003).compile();
        try (var first = open(before, seed);
                var second = open(after, seed + 1)) {
            train(first, before, seed, 1);
            write(before, first);
            Checkpoint checkpoint = Checkpoint.open(folder);
            checkpoint.restore(after.model(), second.held());
            requireSameBits(first, second, seed);
            train(first, before, seed, STEPS + 1);
            train(second, after, seed, STEPS + 1);
            String which =
                    "seed %s: from %s %s to %s %s"
                            .formatted(
                                    seed,
                                    before,
                                    before.options().shards(),
                                    after,
                                    after.options().shards());
            double tolerance = Proof.tolerance(after.options().precision().compute());
            assertWithMessage("%s: loss", which)
                    .that(SideBySide.relative(second.gather("loss"), first.gather("loss")))
                    .isLessThan(tolerance);
            for (String name : first.names(Binding.Parameter.class)) {
                HostTensor weight = second.readParameter(name);
                assertWithMessage("%s: %s", which, name)
                        .that(SideBySide.relative(weight, first.readParameter(name)))
                        .isLessThan(tolerance);
            }
        }
    }

    private static Session open(Compilation compilation, long seed) {
        return Session.open(
                compilation.plan(), new SessionOptions(KernelLibraries.reference(), seed));
    }

    private static void train(Session session, Compilation compilation, long seed, int from) {
        var examples = new RandomExamples(seed, compilation.options().optimizer().learningRate());
        for (int step = from; step < from + STEPS; step++) {
            examples.fill(session, step);
            session.run();
        }
    }

    private void write(Compilation compilation, Session session) {
        var point = new TrainingPoint(STEPS, 1, 0, 0, 12, "random", "any", 0, "", "");
        Checkpoint.write(
                new TrainingState(
                        compilation,
                        point,
                        Optional.empty(),
                        Map.of(),
                        Optional.empty(),
                        session.held()),
                folder);
    }

    private static void requireSameBits(Session first, Session second, long seed) {
        for (String name : first.names(Binding.Parameter.class)) {
            assertWithMessage("seed %s: %s is read as it was written", seed, name)
                    .that(second.readParameter(name).sameBits(first.readParameter(name)))
                    .isTrue();
        }
        for (String name : first.names(Binding.State.class)) {
            assertWithMessage("seed %s: %s is read as it was written", seed, name)
                    .that(second.readState(name).sameBits(first.readState(name)))
                    .isTrue();
        }
    }
}
