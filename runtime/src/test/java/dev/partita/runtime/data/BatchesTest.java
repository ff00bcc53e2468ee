package dev.partita.runtime.data;

import static com.google.common.truth.Truth.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.sun.management.ThreadMXBean;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.problem.ProblemException;
import dev.partita.dsl.tensor.Shape;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;

final class BatchesTest {
    private static final Dataset DIGITS = GeneratedDigits.of(1, 50, 10).train();

    @Test
    void batches_come_in_the_samplers_order_epoch_after_epoch() {
        var sampler = new DistributedSampler(50, 20, 2, Remainder.DROP);
        try (var batches = Batches.shuffled(DIGITS, sampler, Augmentation.none(), 9)) {
            for (int epoch = 0; epoch < 3; epoch++) {
                int[] order = sampler.order(epoch, 9);
                for (int step = 0; step < sampler.steps(); step++) {
                    Batch batch = batches.next();
                    assertThat(batch.epoch()).isEqualTo(epoch);
                    assertThat(batch.step()).isEqualTo(step);
                    for (int place = 0; place < 20; place++) {
                        check(batch, place, order[step * 20 + place]);
                    }
                }
            }
        }
    }

    private static void check(Batch batch, int place, int example) {
        assertThat(batch.labels().getAtIndex(ValueLayout.JAVA_INT, place))
                .isEqualTo(DIGITS.label(example));
        var features = new float[784];
        for (int i = 0; i < 784; i++) {
            features[i] = batch.features().getAtIndex(ValueLayout.JAVA_FLOAT, place * 784L + i);
        }
        assertThat(features).isEqualTo(DIGITS.features(example));
    }

    @Test
    void an_augmented_example_depends_on_seed_epoch_and_its_number_not_on_the_batch() {
        Augmentation augmentation = Augmentation.shift(3).then(Augmentation.rotate(15));
        // the sums of all examples of two epochs, in batches of different sizes
        assertThat(sums(augmentation, 5, 1)).isEqualTo(sums(augmentation, 25, 1));
        assertThat(sums(augmentation, 5, 1)).isNotEqualTo(sums(augmentation, 5, 2));
    }

    private static double[] sums(Augmentation augmentation, int size, long seed) {
        var sampler = new DistributedSampler(50, size, 1, Remainder.DROP);
        var sums = new double[100];
        try (var batches = Batches.shuffled(DIGITS, sampler, augmentation, seed)) {
            for (int epoch = 0; epoch < 2; epoch++) {
                for (int step = 0; step < sampler.steps(); step++) {
                    Batch batch = batches.next();
                    for (int place = 0; place < size; place++) {
                        double sum = 0;
                        for (int i = 0; i < 784; i++) {
                            long at = place * 784L + i;
                            sum += i * batch.features().getAtIndex(ValueLayout.JAVA_FLOAT, at);
                        }
                        sums[epoch * 50 + step * size + place] = sum;
                    }
                }
            }
        }
        return sums;
    }

    @Test
    void a_problem_while_reading_reaches_the_consumer_as_it_is() {
        var broken =
                new Dataset() {
                    @Override
                    public String name() {
                        return "broken";
                    }

                    @Override
                    public int size() {
                        return 8;
                    }

                    @Override
                    public Shape shape() {
                        return DIGITS.shape();
                    }

                    @Override
                    public int classes() {
                        return 10;
                    }

                    @Override
                    public int label(int example) {
                        return 0;
                    }

                    @Override
                    public void read(int example, float[] features) {
                        if (example == 5) {
                            throw Problem.of(ProblemCode.DATA_FILE_CORRUPT, "Example 5 is bad.")
                                    .exception();
                        }
                    }
                };
        var sampler = new DistributedSampler(8, 4, 1, Remainder.DROP);
        try (var batches = Batches.inOrder(broken, sampler)) {
            batches.next();
            var e = assertThrows(ProblemException.class, batches::next);
            assertThat(e.problem().sentence()).isEqualTo("Example 5 is bad.");
            assertThrows(ProblemException.class, batches::next);
        }
    }

    @Test
    void closing_ends_the_thread_in_the_middle_of_an_epoch_and_twice_is_once() {
        var sampler = new DistributedSampler(50, 5, 1, Remainder.DROP);
        var batches = Batches.shuffled(DIGITS, sampler, Augmentation.none(), 0);
        batches.next();
        batches.close();
        batches.close();
        assertThat(
                        Thread.getAllStackTraces().keySet().stream()
                                .filter(t -> t.getName().equals("batches"))
                                .count())
                .isEqualTo(0);
    }

    @Test
    void an_interrupted_consumer_gets_a_problem_and_keeps_its_interrupt() {
        var sampler = new DistributedSampler(50, 50, 1, Remainder.DROP);
        try (var batches = Batches.shuffled(DIGITS, sampler, Augmentation.rotate(10), 0)) {
            Thread.currentThread().interrupt();
            // the batch may be ready at once; then the next one is waited for
            var e =
                    assertThrows(
                            ProblemException.class,
                            () -> {
                                while (true) {
                                    batches.next();
                                }
                            });
            assertThat(e.problem().code()).isEqualTo(ProblemCode.INTERRUPTED);
            assertThat(Thread.interrupted()).isTrue();
        }
    }

    @Test
    void asking_for_batches_allocates_nothing_within_an_epoch() {
        var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        var sampler = new DistributedSampler(50, 1, 1, Remainder.DROP);
        try (var batches = Batches.shuffled(DIGITS, sampler, Augmentation.shift(2), 0)) {
            for (int i = 0; i < 2_000; i++) {
                batches.next();
            }
            long before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < 200; i++) {
                batches.next();
            }
            assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(200);
        }
    }
}
