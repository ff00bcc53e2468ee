package dev.partita.compiler.pipeline;

import static com.google.common.truth.Truth.assertThat;
import static com.google.common.truth.Truth.assertWithMessage;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ScheduleTimesTest {
    private static ScheduleTimes times(
            String style, int devices, int microBatches, int chunks, Durations durations) {
        return ScheduleTimes.of(
                Schedules.of(Schedules.named(style), devices, microBatches, chunks), durations);
    }

    /// Two devices, two micro-batches, F = 1, B + W = 2 and 3, transfer 10; by hand: device 1
    /// starts its forward at 11, ends its first whole backward at 17, so device 0 begins its own at
    /// 27 and ends at 32; the second backward of device 1 ends at 23 and arrives at 33, device 0
    /// ends at 38.
    @Test
    void the_times_of_1f1b_are_those_found_by_hand() {
        ScheduleTimes times = times("1f1b", 2, 2, 1, new Durations(1, 2, 3, 10));
        assertThat(times.actions().get(0).getLast().end()).isEqualTo(38.0);
        assertThat(times.actions().get(1).getFirst().start()).isEqualTo(11.0);
        assertThat(times.actions().get(1).getLast().end()).isEqualTo(23.0);
        assertThat(times.cost()).isEqualTo(38.0);
        assertThat(times.bubbleRate()).isWithin(1e-12).of((38 - 2 * 6) / 38.0);
    }

    /// Qi et al. 2023, "Zero Bubble Pipeline Parallelism", their profiled durations and the bubble
    /// rates they print for the schedules in them.
    @ParameterizedTest(
            name = "{0} of {1} devices and {2} micro-batches has the published bubble {7}")
    @CsvSource({
        "1f1b,  8, 24, 18.522, 18.086,  9.337, 0.601, 0.2431",
        "zb-h1, 8, 24, 18.522, 18.086,  9.337, 0.601, 0.1585",
        "zb-h2, 8, 24, 18.522, 18.086,  9.337, 0.601, 0.1083",
        "1f1b,  8, 32, 18.513, 18.086,  9.331, 0.626, 0.1985",
        "zb-h1, 8, 32, 18.513, 18.086,  9.331, 0.626, 0.1242",
        "zb-h2, 8, 32, 18.513, 18.086,  9.331, 0.626, 0.0837",
        "1f1b,  8, 24, 29.718, 29.444, 19.927, 0.527, 0.2347",
        "zb-h1, 8, 24, 29.718, 29.444, 19.927, 0.527, 0.1323",
        "zb-h2, 8, 24, 29.718, 29.444, 19.927, 0.527, 0.0698"
    })
    void bubble_rates_are_the_published_ones(
            String style,
            int devices,
            int microBatches,
            double forward,
            double input,
            double weight,
            double transfer,
            double published) {
        var durations = new Durations(forward, input, weight, transfer);
        assertThat(times(style, devices, microBatches, 1, durations).bubbleRate())
                .isWithin(5e-5)
                .of(published);
    }

    @ParameterizedTest
    @CsvSource({
        "3, 24, 0.1055, 18.522, 18.086, 9.337, 0.601",
        "4, 24, 0.0808, 29.718, 29.444, 19.927, 0.527"
    })
    void an_interleaved_bubble_is_the_published_one_within_0_004(
            int chunks,
            int microBatches,
            double published,
            double forward,
            double input,
            double weight,
            double transfer) {
        var durations = new Durations(forward, input, weight, transfer);
        assertThat(times("interleaved", 8, microBatches, chunks, durations).bubbleRate())
                .isWithin(4e-3)
                .of(published);
    }

    @ParameterizedTest
    @CsvSource({
        // (p - 1)(F + B + W), (p - 1)(F + B - W), (p - 1)(F + B - 2W), and none
        "gpipe, 9",
        "1f1b, 9",
        "zb-h1, 3",
        "zb-h2, 0",
        "zb-v, 0"
    })
    void without_transfers_and_with_equal_work_the_bubble_is_the_closed_form(
            String style, double bubble) {
        ScheduleTimes times = times(style, 4, 12, 0, new Durations(1, 1, 1, 0));
        assertThat(times.cost() - 36).isWithin(1e-9).of(bubble);
    }

    @Test
    void a_sequential_schedule_keeps_one_device_busy_at_a_time() {
        ScheduleTimes times = times("sequential", 3, 5, 1, new Durations(1, 1, 2, 0));
        assertThat(times.makespan()).isEqualTo(3 * 5 * 4.0);
        assertThat(times.peakActivations()).containsExactly(1.0, 1.0, 1.0);
    }

    @Test
    void activations_are_kept_from_forward_to_the_last_backward_that_reads_them() {
        var even = new Durations(1, 1, 1, 0);
        assertThat(times("gpipe", 3, 5, 1, even).peakActivations()).containsExactly(5.0, 5.0, 5.0);
        assertThat(times("1f1b", 3, 5, 1, even).peakActivations())
                .containsExactly(3.0, 2.0, 1.0)
                .inOrder();
        assertThat(times("zb-h1", 3, 5, 1, even).peakActivations()).containsExactly(3.0, 3.0, 3.0);
        assertThat(times("zb-v", 3, 8, 0, even).peakActivations()).containsExactly(3.0, 3.0, 3.0);
    }

    @Test
    void no_device_does_two_things_at_once_and_nothing_starts_before_what_it_reads() {
        for (ScheduleStyle style : Schedules.STYLES) {
            ScheduleTimes times =
                    ScheduleTimes.of(Schedules.of(style, 4, 8, 0), new Durations(3, 2, 1, 0.5));
            times.actions()
                    .forEach(own -> {
                        for (int i = 1; i < own.size(); i++) {
                            assertWithMessage("%s: %s", style.name(), own.get(i))
                                    .that(own.get(i).start())
                                    .isAtLeast(own.get(i - 1).end());
                        }
                    });
        }
    }
}
