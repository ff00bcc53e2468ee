package dev.partita.runtime.data;

import static com.google.common.truth.Truth.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.google.common.collect.Range;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.problem.ProblemException;
import java.util.Arrays;
import java.util.HashSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class DistributedSamplerTest {
    @ParameterizedTest(name = "{0} examples, batch {1}, {2} replicas")
    @CsvSource({"12,4,2", "13,4,4", "100,10,5", "7,7,1", "1000,96,3"})
    void dropping_leaves_every_replica_different_examples_that_fill_whole_batches(
            int examples, int batch, int replicas) {
        var sampler = new DistributedSampler(examples, batch, replicas, Remainder.DROP);
        int[] order = sampler.order(3, 42);
        var seen = new HashSet<Integer>();
        for (int replica = 0; replica < replicas; replica++) {
            for (int example : sampler.share(order, replica)) {
                assertThat(example).isIn(Range.closedOpen(0, examples));
                assertThat(seen.add(example)).isTrue();
            }
        }
        assertThat(seen).hasSize(examples / batch * batch);
    }

    @ParameterizedTest(name = "{0} examples, batch {1}, {2} replicas")
    @CsvSource({"12,4,2", "13,4,4", "100,16,4", "3,8,2", "1000,96,3"})
    void padding_shows_every_example_and_the_first_ones_again(
            int examples, int batch, int replicas) {
        var sampler = new DistributedSampler(examples, batch, replicas, Remainder.PAD);
        int[] order = sampler.order(0, 1);
        assertThat(order.length).isEqualTo(sampler.steps() * batch);
        assertThat(IntStream.of(order).distinct().count()).isEqualTo(examples);
        for (int i = examples; i < order.length; i++) {
            assertThat(order[i]).isEqualTo(order[i % examples]);
        }
        int shared = IntStream.range(0, replicas).map(r -> sampler.share(order, r).length).sum();
        assertThat(shared).isEqualTo(order.length);
    }

    @Test
    void the_share_of_a_replica_is_its_block_of_every_batch() {
        var sampler = new DistributedSampler(8, 4, 2, Remainder.DROP);
        int[] order = {10, 11, 12, 13, 20, 21, 22, 23};
        assertThat(sampler.share(order, 0)).isEqualTo(new int[] {10, 11, 20, 21});
        assertThat(sampler.share(order, 1)).isEqualTo(new int[] {12, 13, 22, 23});
    }

    @Test
    void an_order_depends_on_epoch_and_seed_alone() {
        var four = new DistributedSampler(1000, 20, 4, Remainder.DROP);
        var one = new DistributedSampler(1000, 20, 1, Remainder.DROP);
        assertThat(four.order(1, 7)).isEqualTo(one.order(1, 7));
        assertThat(four.order(1, 7)).isNotEqualTo(four.order(2, 7));
        assertThat(four.order(1, 7)).isNotEqualTo(four.order(1, 8));
        int[] sorted = four.order(1, 7);
        Arrays.sort(sorted);
        assertThat(sorted).isEqualTo(four.inOrder());
    }

    @Test
    void every_place_of_the_order_is_equally_likely_for_an_example() {
        var sampler = new DistributedSampler(10, 10, 1, Remainder.DROP);
        var places = new int[10];
        for (int epoch = 0; epoch < 10_000; epoch++) {
            int[] order = sampler.order(epoch, 5);
            for (int i = 0; i < 10; i++) {
                places[i] += order[i] == 0 ? 1 : 0;
            }
        }
        for (int count : places) {
            // 1000 expected, deviation 30
            assertThat(count).isIn(Range.closed(850, 1150));
        }
    }

    @Test
    void a_batch_that_cannot_be_filled_or_shared_is_refused() {
        var few =
                assertThrows(
                        ProblemException.class,
                        () -> new DistributedSampler(3, 4, 1, Remainder.DROP));
        assertThat(few.problem().code()).isEqualTo(ProblemCode.TOO_FEW_EXAMPLES);
        var uneven =
                assertThrows(
                        ProblemException.class,
                        () -> new DistributedSampler(30, 5, 2, Remainder.PAD));
        assertThat(uneven.problem().code()).isEqualTo(ProblemCode.INVALID_ARGUMENT);
    }
}
