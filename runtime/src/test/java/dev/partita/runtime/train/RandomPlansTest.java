package dev.partita.runtime.train;

import static com.google.common.truth.Truth.assertWithMessage;

import dev.partita.compiler.Compilation;
import dev.partita.compiler.Precision;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.example.RandomCase;
import dev.partita.kernels.KernelLibraries;
import java.util.TreeSet;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Whatever network, mesh and placement is drawn: the plan computes what one device computes.
///
/// To replay one case: `-Dproperty.first=SEED -Dproperty.cases=1`.
class RandomPlansTest {
    private static final long FIRST = Long.getLong("property.first", 0);
    private static final long CASES = Long.getLong("property.cases", 500);

    static LongStream seeds() {
        return LongStream.range(FIRST, FIRST + CASES);
    }

    @ParameterizedTest(name = "a random plan equals one device in f64, seed {0}")
    @MethodSource("seeds")
    void a_random_plan_equals_one_device(long seed) {
        Compilation plan = RandomCase.draw(seed, Dtype.F64);
        Proof proof = Proof.of(plan, KernelLibraries.reference(), seed, 2);
        assertWithMessage(
                        "seed %s: %s %s\n%s", seed, plan, plan.options().shards(), proof.describe())
                .that(proof.equal())
                .isTrue();
    }

    static LongStream someSeeds() {
        return LongStream.range(FIRST, FIRST + Math.min(CASES, 40));
    }

    @ParameterizedTest(
            name = "a random plan in half floats equals one device but for rounding, seed {0}")
    @MethodSource("someSeeds")
    void a_random_plan_in_half_floats_equals_one_device_but_for_rounding(long seed) {
        Precision precision = seed % 2 == 0 ? Precision.BF16 : Precision.F16;
        Compilation plan = RandomCase.draw(seed, precision);
        Proof proof = Proof.of(plan, KernelLibraries.reference(), seed, 2);
        assertWithMessage(
                        "seed %s: %s %s\n%s", seed, plan, plan.options().shards(), proof.describe())
                .that(proof.equal())
                .isTrue();
    }

    @Test
    void the_cases_communicate_in_every_way() {
        var kinds = new TreeSet<String>();
        LongStream.range(0, 500)
                .mapToObj(seed -> RandomCase.draw(seed, Dtype.F64))
                .flatMap(plan -> plan.plan().program(0).collectives())
                .forEach(start -> kinds.add(start.op().getClass().getSimpleName()));
        assertWithMessage("kinds of collectives")
                .that(kinds)
                .containsExactly("AllGather", "AllReduce", "AllToAll", "ReduceScatter", "Rotate");
    }
}
