package dev.partita.runtime.train;

import static com.google.common.truth.Truth.assertWithMessage;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.partita.compiler.Compilation;
import dev.partita.compiler.CompileOptions;
import dev.partita.compiler.Precision;
import dev.partita.compiler.ShardRequest;
import dev.partita.dsl.graph.Graph;
import dev.partita.dsl.graph.RoutingOp;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.example.RandomCase;
import dev.partita.kernels.KernelLibraries;
import dev.partita.kernels.KernelLibrary;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Whatever network, mesh and placement is drawn: the plan computes what one device computes, and
/// takes the memory that it says.
///
/// To replay one case: `-Dproperty.first=SEED -Dproperty.cases=1`.
class RandomPlansTest {
    private static final long FIRST = Long.getLong("property.first", 0);
    private static final long CASES = Long.getLong("property.cases", 300);
    private static final int STEPS = 3;

    /// How much more a plan may differ of a network that is so steep that one device, of which the
    /// last bits of weights are changed, differs from itself as much (as some with a batch norm of
    /// channels that hardly vary).
    private static final double STEEP = 1000;

    static LongStream seeds() {
        return LongStream.range(FIRST, FIRST + CASES);
    }

    @ParameterizedTest(name = "a random plan equals one device in f64, seed {0}")
    @MethodSource("seeds")
    void a_random_plan_equals_one_device_in_doubles(long seed) {
        Compilation plan = RandomCase.draw(seed).compile();
        double tolerance = Proof.tolerance(plan.options().precision().compute());
        assertEqual(seed, plan, KernelLibraries.reference(), tolerance);
    }

    @ParameterizedTest(name = "a random plan equals one device in f32, seed {0}")
    @MethodSource("seeds")
    void a_random_plan_equals_one_device_in_floats(long seed) {
        Compilation plan = RandomCase.draw(seed).compile(Precision.F32);
        assertEqual(seed, plan, KernelLibraries.cpu(), 1e-4);
    }

    /// Half floats take longest: a third of the cases.
    static LongStream someSeeds() {
        return seeds().filter(seed -> seed % 3 == 0);
    }

    /// Where a rounding sends a token to another expert, the two compute different things; that is
    /// seen in how often experts were chosen. The same casts in doubles are compared to the last
    /// digit.
    @ParameterizedTest(
            name = "a random plan in half floats equals one device but for rounding, seed {0}")
    @MethodSource("someSeeds")
    void a_random_plan_in_half_floats_equals_one_device_but_for_rounding(long seed) {
        Precision precision = halves(seed);
        Compilation plan = RandomCase.draw(seed).compile(precision);
        Proof proof = Proof.of(plan, KernelLibraries.cpu(), seed, STEPS);
        boolean others =
                proof.differences().stream()
                        .anyMatch(d -> d.name().startsWith(Graph.CHOSEN) && d.relative() > 1e-4);
        assumeFalse(others, "a rounding chose another expert: skipped");
        assertEqual(seed, plan, proof, Proof.tolerance(precision.compute()));
    }

    private static Precision halves(long seed) {
        if (seed % 2 != 0) {
            return Precision.F16;
        }
        return seed % 4 == 0 ? Precision.BF16.roundingGradients() : Precision.BF16;
    }

    private static void assertEqual(
            long seed, Compilation plan, KernelLibrary library, double tolerance) {
        assertEqual(seed, plan, Proof.of(plan, library, seed, STEPS), tolerance);
    }

    private static void assertEqual(long seed, Compilation plan, Proof proof, double tolerance) {
        String about =
                "seed %s: %s %s %s\n%s"
                        .formatted(
                                seed,
                                plan,
                                plan.options().shards(),
                                plan.options().dataParallelRequest(),
                                proof.describe());
        double largest = proof.maxRelativeDifference().largest();
        if (largest > tolerance) {
            assertWithMessage(about).that(proof.equal()).isTrue();
            assertWithMessage(about).that(largest).isAtMost(STEEP * tolerance);
        }
        assertWithMessage(about).that(proof.peakBytes()).isEqualTo(proof.predictedPeakBytes());
    }

    @Test
    void the_cases_communicate_in_every_way() {
        var kinds = new TreeSet<String>();
        LongStream.range(0, 100)
                .mapToObj(seed -> RandomCase.draw(seed).compile())
                .flatMap(plan -> plan.plan().collectives().stream())
                .forEach(each -> kinds.add(each.start().op().getClass().getSimpleName()));
        assertWithMessage("kinds of collectives")
                .that(kinds)
                .containsExactly(
                        "AllGather",
                        "AllReduce",
                        "AllToAll",
                        "Broadcast",
                        "Gather",
                        "Reduce",
                        "ReduceScatter",
                        "Rotate",
                        "Scatter",
                        "Send");
    }

    /// What a case with sharded positions asks for; nothing of one without.
    private static Set<String> besideContext(RandomCase drawn) {
        CompileOptions options = drawn.options();
        List<ShardRequest> positions =
                options.shards().stream()
                        .filter(each -> each.dim().equals("sequence") && each.layers().isEmpty())
                        .toList();
        if (positions.isEmpty()) {
            return Set.of();
        }
        var asked = new TreeSet<String>();
        asked.add(options.attention().toString());
        asked.add(positions.getFirst().sharding().balanced() ? "balanced" : "in order");
        options.zero().ifPresent(_ -> asked.add("zero"));
        options.dataParallelRequest().ifPresent(_ -> asked.add("data parallel"));
        asked.add(options.microBatches() > 1 ? "micro-batches" : "whole batches");
        Graph graph = drawn.model().trace(12, Dtype.F32, true);
        graph.nodesOf(RoutingOp.class).findAny().ifPresent(_ -> asked.add("experts"));
        return asked;
    }

    @Test
    void sharded_positions_are_mixed_with_every_other_strategy() {
        var mixed = new TreeSet<String>();
        LongStream.range(0, 150)
                .mapToObj(RandomCase::draw)
                .forEach(drawn -> mixed.addAll(besideContext(drawn)));
        assertWithMessage("what cases with sharded positions ask for")
                .that(mixed)
                .containsExactly(
                        "all-to-all",
                        "balanced",
                        "data parallel",
                        "experts",
                        "gather",
                        "in order",
                        "micro-batches",
                        "ring",
                        "whole batches",
                        "zero");
    }
}
