package dev.partita.dsl.layer;

import static com.google.common.truth.Truth.assertThat;
import static dev.partita.dsl.layer.Layers.constant;
import static dev.partita.dsl.layer.Layers.cosine;
import static dev.partita.dsl.layer.Layers.stepDecay;
import static dev.partita.dsl.layer.Layers.warmUp;

import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class LearningRateTest {
    private static List<Double> rates(LearningRate schedule, long... steps) {
        return LongStream.of(steps)
                .mapToObj(step -> Math.round(schedule.at(step) * 1e12) / 1e12)
                .toList();
    }

    @Test
    void a_constant_rate_stays() {
        assertThat(rates(constant(0.1), 1, 2, 1_000_000)).containsExactly(0.1, 0.1, 0.1).inOrder();
        assertThat(constant(0.1).toString()).isEqualTo("0.1");
    }

    /// `StepLR(optimizer(lr=0.1), step_size=3, gamma=0.5)`.
    @Test
    void a_step_decay_follows_pytorchs_StepLR() {
        LearningRate schedule = stepDecay(0.1, 3, 0.5);
        assertThat(rates(schedule, 1, 3, 4, 6, 7))
                .containsExactly(0.1, 0.1, 0.05, 0.05, 0.025)
                .inOrder();
        assertThat(schedule.toString()).isEqualTo("0.1 x 0.5 every 3");
    }

    /// `CosineAnnealingLR(optimizer(lr=0.1), T_max=10)`, and the floor where PyTorch's would rise
    /// again.
    @Test
    void a_cosine_follows_pytorchs_CosineAnnealingLR_and_stays_at_its_floor() {
        LearningRate schedule = cosine(0.1, 10, 0);
        assertThat(rates(schedule, 1, 2, 4, 6, 11, 12, 100))
                .containsExactly(0.1, 0.097552825815, 0.079389262615, 0.05, 0.0, 0.0, 0.0)
                .inOrder();
        assertThat(rates(cosine(0.1, 10, 0.02), 1, 6, 11, 50))
                .containsExactly(0.1, 0.06, 0.02, 0.02)
                .inOrder();
        assertThat(schedule.toString()).isEqualTo("cosine 0.1 to 0.0 in 10");
    }

    @Test
    void a_warm_up_rises_to_where_the_next_schedule_begins() {
        LearningRate schedule = warmUp(4).then(cosine(0.1, 10, 0));
        assertThat(rates(schedule, 1, 2, 3, 4, 5, 10, 15))
                .containsExactly(0.025, 0.05, 0.075, 0.1, 0.1, 0.05, 0.0)
                .inOrder();
        assertThat(schedule.toString()).isEqualTo("rise to 0.1 for 4, cosine 0.1 to 0.0 in 10");
    }

    @Test
    void schedules_follow_each_other_each_from_its_own_beginning() {
        LearningRate schedule =
                constant(0.3).during(2).then(stepDecay(0.1, 1, 0.5).during(2).then(constant(0.01)));
        assertThat(rates(schedule, 1, 2, 3, 4, 5, 6))
                .containsExactly(0.3, 0.3, 0.1, 0.05, 0.01, 0.01)
                .inOrder();
        assertThat(schedule.toString()).isEqualTo("0.3 for 2, 0.1 x 0.5 every 1 for 2, 0.01");
    }

    @Test
    void a_warm_up_before_a_sequence_rises_to_its_first_rate() {
        LearningRate schedule = warmUp(2).then(constant(0.2).during(1).then(constant(0.1)));
        assertThat(rates(schedule, 1, 2, 3, 4)).containsExactly(0.1, 0.2, 0.2, 0.1).inOrder();
    }
}
