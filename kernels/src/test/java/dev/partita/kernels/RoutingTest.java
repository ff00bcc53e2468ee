package dev.partita.kernels;

import static com.google.common.truth.Truth.assertThat;
import static dev.partita.kernels.Types.f32;

import dev.partita.dsl.graph.ResultTypes;
import dev.partita.dsl.graph.RoutingOp;
import dev.partita.dsl.tensor.TensorType;
import dev.partita.kernels.cpu.CpuLibrary;
import dev.partita.kernels.reference.ReferenceLibrary;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Who gets which slot, by every library.
class RoutingTest {
    private static final double F32 = 2e-6;

    /// The results of a route.
    private record Routed(List<double[]> results) {
        double[] weights() {
            return results.get(0);
        }

        double[] positions() {
            return results.get(1);
        }

        double[] chosen() {
            return results.get(2);
        }

        double[] dropped() {
            return results.get(3);
        }
    }

    private static Routed route(
            String library, int choices, long capacity, String sizes, double... probabilities) {
        return new Routed(
                Trial.of(0, new RoutingOp.Route(choices, capacity), f32(sizes))
                        .with(0, probabilities)
                        .run(KernelLibraries.named(library))
                        .orElseThrow());
    }

    private static double[] numbers(double... numbers) {
        return numbers;
    }

    @ParameterizedTest
    @ValueSource(strings = {"cpu", "reference"})
    void earlier_positions_get_the_slots_and_later_ones_are_dropped(String library) {
        Routed routed = route(library, 1, 2, "1,4,2", .75, .25, .5, .5, .25, .75, .875, .125);
        assertThat(routed.positions()).isEqualTo(numbers(0, 1, 2, -1));
        assertThat(routed.weights()).isEqualTo(numbers(.75, .5, .75, 0));
        assertThat(routed.chosen()).isEqualTo(numbers(3, 1));
        assertThat(routed.dropped()).isEqualTo(numbers(1, 0));
    }

    @ParameterizedTest
    @ValueSource(strings = {"cpu", "reference"})
    void first_choices_get_slots_before_all_second_ones(String library) {
        Routed routed = route(library, 2, 2, "1,3,2", .75, .25, .25, .75, .625, .375);
        // expert 0: the first choices of 0 and 2; expert 1: that of 1, then the second one of 0
        assertThat(routed.positions()).isEqualTo(numbers(0, 2, 1, 0));
        assertThat(routed.weights()).isEqualTo(numbers(.75, .625, .75, .25));
        assertThat(routed.dropped()).isEqualTo(numbers(1, 1));
    }

    @ParameterizedTest
    @ValueSource(strings = {"cpu", "reference"})
    void of_equally_probable_experts_the_first_are_chosen(String library) {
        Routed routed = route(library, 2, 1, "1,1,4", .25, .25, .25, .25);
        assertThat(routed.positions()).isEqualTo(numbers(0, 0, -1, -1));
        assertThat(routed.weights()).isEqualTo(numbers(.5, .5, 0, 0));
    }

    @ParameterizedTest
    @ValueSource(strings = {"cpu", "reference"})
    void examples_do_not_compete_with_each_other(String library) {
        Routed routed = route(library, 1, 1, "2,2,2", .75, .25, .75, .25, .75, .25, .25, .75);
        assertThat(routed.positions()).isEqualTo(numbers(0, 0, -1, 1));
        assertThat(routed.chosen()).isEqualTo(numbers(2, 0, 1, 1));
        assertThat(routed.dropped()).isEqualTo(numbers(1, 0, 0, 0));
    }

    @ParameterizedTest
    @ValueSource(strings = {"cpu", "reference"})
    void numbers_that_are_none_are_routed_somewhere(String library) {
        Routed routed = route(library, 2, 2, "1,2,3", Double.NaN, .5, .5, .25, .5, .25);
        assertThat(Arrays.stream(routed.chosen()).sum()).isEqualTo(4);
    }

    static LongStream seeds() {
        return LongStream.range(0, 200);
    }

    @ParameterizedTest(name = "routing by vectors equals routing by plain loops, seed {0}")
    @MethodSource("seeds")
    void routing_by_vectors_equals_routing_by_plain_loops(long seed) {
        var random = new Random(seed);
        int batch = 1 + random.nextInt(3);
        int length = 1 + random.nextInt(12);
        int experts = 1 + random.nextInt(6);
        int choices = random.nextInt(4) == 0 ? experts : 1 + random.nextInt(Math.min(experts, 3));
        int capacity = random.nextInt(3) == 0 ? 1 : 1 + random.nextInt(length);
        int width = 1 + random.nextInt(40);
        var library = new CpuLibrary();
        TensorType p = f32(batch + "," + length + "," + experts);
        TensorType x = f32(batch + "," + length + "," + width);
        TensorType y = f32(experts + "," + batch + "," + capacity + "," + width);
        var op = new RoutingOp.Route(choices, capacity);
        Trial route = Trial.of(seed, op, p).with(0, probabilities(random, batch * length, experts));
        route.agrees(library, F32);
        List<double[]> routed = route.truth();
        List<TensorType> types = ResultTypes.of(op, List.of(p));
        TensorType weights = types.get(0);
        TensorType positions = types.get(1);
        Trial.of(seed, new RoutingOp.RouteGrad(choices), p, positions, weights)
                .with(0, route.operand(0))
                .with(1, routed.get(1))
                .agrees(library, 1e-5);
        Trial.of(seed, new RoutingOp.Dispatch(y.shape()), x, positions)
                .with(1, routed.get(1))
                .agrees(library, 0);
        Trial.of(seed, new RoutingOp.Dispatch(y.shape()), x, positions, weights)
                .with(1, routed.get(1))
                .with(2, routed.get(0))
                .agrees(library, F32);
        Trial.of(seed, new RoutingOp.Combine(x.shape()), y, positions)
                .with(1, routed.get(1))
                .agrees(library, F32);
        Trial.of(seed, new RoutingOp.Combine(x.shape()), y, positions, weights)
                .with(1, routed.get(1))
                .with(2, routed.get(0))
                .agrees(library, F32);
        Trial.of(seed, new RoutingOp.SlotDot(), y, x, positions)
                .with(2, routed.get(1))
                .agrees(library, 1e-5);
    }

    /// Rows that sum to 1: of any numbers, of a few so that many are equal, or nearly all on one
    /// expert.
    private static double[] probabilities(Random random, int rows, int experts) {
        int kind = random.nextInt(3);
        var all = new double[rows * experts];
        for (int row = 0; row < rows; row++) {
            double[] scores =
                    IntStream.range(0, experts)
                            .mapToDouble(e ->
                                    switch (kind) {
                                        case 0 -> Math.exp(random.nextGaussian());
                                        case 1 -> 1 + random.nextInt(2);
                                        default -> e == 0 ? 50 + random.nextInt(2) : 1;
                                    })
                            .toArray();
            double sum = Arrays.stream(scores).sum();
            for (int e = 0; e < experts; e++) {
                all[row * experts + e] = scores[e] / sum;
            }
        }
        return all;
    }

    @ParameterizedTest
    @ValueSource(strings = {"cpu", "reference"})
    void a_slot_that_says_a_position_out_of_range_is_empty(String library) {
        var trial =
                Trial.of(
                                1,
                                new RoutingOp.Dispatch(f32("2,1,1,3").shape()),
                                f32("1,2,3"),
                                Types.i32("2,1,1"))
                        .with(0, 1, 2, 3, 4, 5, 6)
                        .with(1, 7, 1);
        assertThat(trial.run(KernelLibraries.named(library)).orElseThrow().getFirst())
                .isEqualTo(numbers(0, 0, 0, 4, 5, 6));
    }

    @ParameterizedTest
    @ValueSource(strings = {"1,2,1,3", "2,2,3,17"})
    void without_weights_each_slot_counts_as_one(String slots) {
        TensorType y = f32(slots);
        long[] sizes = IntStream.range(0, 4).mapToLong(y.shape()::size).toArray();
        TensorType x = f32(sizes[1] + ",4," + sizes[3]);
        TensorType positions = Types.i32(sizes[0] + "," + sizes[1] + "," + sizes[2]);
        double[] at =
                IntStream.range(0, (int) positions.shape().elements())
                        .mapToDouble(i -> i % 4)
                        .toArray();
        double[] ones = IntStream.range(0, at.length).mapToDouble(_ -> 1).toArray();
        var op = new RoutingOp.Combine(x.shape());
        Trial with =
                Trial.of(2, op, y, positions, f32(sizes[0] + "," + sizes[1] + "," + sizes[2]))
                        .with(1, at)
                        .with(2, ones);
        Trial without = Trial.of(2, op, y, positions).with(1, at);
        for (KernelLibrary library : List.of(new CpuLibrary(), new ReferenceLibrary())) {
            assertThat(without.run(library).orElseThrow().getFirst())
                    .isEqualTo(with.run(library).orElseThrow().getFirst());
        }
    }
}
