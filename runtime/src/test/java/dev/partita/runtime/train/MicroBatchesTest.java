package dev.partita.runtime.train;

import static com.google.common.truth.Truth.assertWithMessage;

import dev.partita.compiler.CompileOptions;
import dev.partita.compiler.Compiler;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.example.RandomCase;
import dev.partita.kernels.KernelLibraries;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// A batch computed in parts is the batch computed at once.
class MicroBatchesTest {
    /// Seeds of networks without a layer that needs its whole batch at once.
    static LongStream seeds() {
        return LongStream.iterate(1000, seed -> seed + 1)
                .filter(MicroBatchesTest::isWithoutState)
                .limit(60);
    }

    private static boolean isWithoutState(long seed) {
        return RandomCase.draw(seed)
                .model()
                .trace(12, Dtype.F64, true)
                .nodesOf(Op.State.class)
                .findAny()
                .isEmpty();
    }

    @ParameterizedTest(name = "micro-batches equal the whole batch in f64, seed {0}")
    @MethodSource("seeds")
    void micro_batches_equal_the_whole_batch(long seed) {
        RandomCase drawn = RandomCase.draw(seed);
        CompileOptions options =
                drawn.options().dtype(Dtype.F64).batch(12).onOneDevice().keepingGradients();
        Proof proof =
                Proof.between(
                        Compiler.compile(
                                drawn.model(), options.microBatches(seed % 2 == 0 ? 3 : 4)),
                        Compiler.compile(drawn.model(), options.microBatches(1)),
                        KernelLibraries.reference(),
                        seed,
                        2);
        assertWithMessage("seed %s: %s\n%s", seed, drawn.model(), proof.describe())
                .that(proof.maxRelativeDifference().largest())
                .isAtMost(1e-12);
    }
}
