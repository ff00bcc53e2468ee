package dev.partita.compiler.pipeline;

import static com.google.common.truth.Truth.assertThat;
import static com.google.common.truth.Truth.assertWithMessage;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.partita.dsl.problem.Origin;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.problem.ProblemException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class PipelineScheduleTest {
    private static String problem(String text) {
        return assertThrows(ProblemException.class, () -> PipelineSchedule.parse(text))
                .problems()
                .getFirst()
                .at(Origin.UNKNOWN)
                .print();
    }

    private static String print(String style, int devices, int microBatches, int chunks) {
        return Schedules.of(Schedules.named(style), devices, microBatches, chunks).print();
    }

    @Test
    void one_forward_one_backward() {
        assertThat(print("1f1b", 3, 4, 0))
                .isEqualTo(
                        """
                        0F0 0F1 0F2 0B0 0F3 0B1 0B2 0B3
                        1F0 1F1 1B0 1F2 1B1 1F3 1B2 1B3
                        2F0 2B0 2F1 2B1 2F2 2B2 2F3 2B3
                        """);
    }

    @Test
    void gpipe() {
        assertThat(print("gpipe", 2, 3, 0))
                .isEqualTo(
                        """
                        0F0 0F1 0F2 0B0 0B1 0B2
                        1F0 1F1 1F2 1B0 1B1 1B2
                        """);
    }

    @Test
    void two_interleaved_stages_per_device() {
        assertThat(print("interleaved", 2, 2, 2))
                .isEqualTo(
                        """
                        0F0 0F1 2F0 2F1 2B0 2B1 0B0 0B1
                        1F0 1F1 3F0 3B0 3F1 3B1 1B0 1B1
                        """);
    }

    @Test
    void the_first_zero_bubble_schedule_puts_weights_off() {
        assertThat(print("zb-h1", 3, 4, 0))
                .isEqualTo(
                        """
                        0F0 0F1 0F2 0B0 0W0 0F3 0B1 0W1 0B2 0W2 0B3 0W3
                        1F0 1F1 1B0 1F2 1B1 1W0 1F3 1B2 1W1 1B3 1W2 1W3
                        2F0 2B0 2F1 2B1 2F2 2B2 2W0 2F3 2B3 2W1 2W2 2W3
                        """);
    }

    @Test
    void a_v_has_its_first_and_last_stage_on_one_device() {
        PipelineSchedule schedule = Schedules.of(new ZeroBubbleV(), 3, 6, 0);
        assertThat(schedule.deviceOf()).containsExactly(0, 1, 2, 2, 1, 0).inOrder();
    }

    /// Every style, any number of devices and micro-batches: the constructor proves it or there is
    /// a Problem.
    @Test
    void every_style_can_run_with_any_numbers_or_says_which_it_takes() {
        for (ScheduleStyle style : Schedules.STYLES) {
            for (int devices = 1; devices <= 9; devices++) {
                for (int microBatches = 1; microBatches <= 20; microBatches++) {
                    requireRunsOrProblem(style, devices, microBatches, 0);
                    if (style instanceof Interleaved) {
                        requireRunsOrProblem(style, devices, microBatches, 3);
                    }
                }
            }
        }
    }

    private static void requireRunsOrProblem(
            ScheduleStyle style, int devices, int microBatches, int chunks) {
        try {
            PipelineSchedule schedule = Schedules.of(style, devices, microBatches, chunks);
            assertThat(schedule.microBatches()).isEqualTo(microBatches);
            assertThat(schedule.devices()).hasSize(devices);
            assertThat(PipelineSchedule.parse(schedule.print())).isEqualTo(schedule);
        } catch (ProblemException e) {
            assertWithMessage("%s %s %s: %s", style, devices, microBatches, e)
                    .that(e.problems().getFirst().code())
                    .isEqualTo(ProblemCode.INVALID_ARGUMENT);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "interleaved, 4, 11, 2, 'micro-batches: 7, 8, 10, 12, 15'",
        "dualpipe-v, 4, 7, 0, 8 micro-batches or more",
        "zb-v, 4, 8, 3, 2 stages per device",
        "gpipe, 4, 8, 2, 'interleaved, or one stage per device'",
        "gpipe, 0, 8, 0, 1 or more"
    })
    void numbers_a_style_has_no_order_for_are_a_problem_with_those_it_has(
            String style, int devices, int microBatches, int chunks, String fix) {
        ProblemException problem =
                assertThrows(
                        ProblemException.class, () -> print(style, devices, microBatches, chunks));
        assertThat(problem).hasMessageThat().contains(fix);
    }

    @Test
    void a_schedule_that_stops_shows_the_grid_and_who_waits_for_what() {
        assertThat(
                        problem(
                                """
                                # the backward of micro-batch 1 comes too early on device 0
                                0F0 0F1 0B1 0B0
                                1F0 1B0 1F1 1F2 1B1 1B2
                                0F2 0B2
                                """))
                .isEqualTo(
                        """
                        [ScheduleRejected] A stage lives on two devices.
                          stage:   0
                          devices: 0 and 2
                          try:     give all its actions to one of them\
                        """);
        assertThat(
                        problem(
                                """
                                0F0 0F1 0B0 0B1
                                1F0 1F1 1B1 2B0 1B0
                                2F0 2F1 2B1
                                """
                                        .replace(" 2B0", "")
                                        .replace("2F0 2F1 2B1", "2F0 2B0 2B1 2F1")))
                .isEqualTo(
                        """
                        [ScheduleRejected] A schedule stops: every device waits for another.
                          device 0: 0B0 waits for 1B0 of device 1
                          device 1: 1B1 waits for 2B1 of device 2
                          device 2: 2B1 waits for 2F1 of device 2
                          grid:    \s
                                    step  device 0  device 1  device 2
                                       0  0F0
                                       1  0F1       1F0
                                       2            1F1       2F0
                                       3                      2B0
                                     ...  0B0 !!    1B1 !!    2B1 !!
                          try:      on device 1, 1B0 before 1B1\
                        """);
    }

    @ParameterizedTest
    @CsvSource({
        "0F0, leaves out an action",
        "0F0 0B0 0F2 0B2, leaves out an action",
        "0F0 0B0 0B0, does one action twice",
        "0F0 0X0, 'is a stage, F, B or W'",
        "'', has no action"
    })
    void a_schedule_that_is_not_whole_is_a_problem(String text, String sentence) {
        assertThat(problem(text)).contains(sentence);
    }

    static LongStream seeds() {
        return LongStream.range(0, 200);
    }

    /// Two actions of a device change places: a schedule that still runs, or a Problem; never a
    /// hang.
    @ParameterizedTest(name = "a schedule with actions swapped runs or is rejected, seed {0}")
    @MethodSource("seeds")
    void a_schedule_with_actions_swapped_runs_or_is_rejected(long seed) {
        var random = new Random(seed);
        ScheduleStyle style = Schedules.STYLES.get(random.nextInt(Schedules.STYLES.size()));
        List<List<PipelineAction>> devices = new ArrayList<>();
        Schedules.of(style, 4, 8, 0).devices().forEach(d -> devices.add(new ArrayList<>(d)));
        for (int i = 0; i < 1 + random.nextInt(3); i++) {
            List<PipelineAction> own = devices.get(random.nextInt(devices.size()));
            Collections.swap(own, random.nextInt(own.size()), random.nextInt(own.size()));
        }
        try {
            ScheduleTimes times =
                    ScheduleTimes.of(new PipelineSchedule(devices), new Durations(1, 1, 1, 0.25));
            assertThat(times.actions().stream().mapToInt(List::size).sum())
                    .isEqualTo(devices.stream().mapToInt(List::size).sum());
        } catch (ProblemException e) {
            assertThat(e.problems().getFirst().code()).isEqualTo(ProblemCode.SCHEDULE_REJECTED);
            assertThat(e).hasMessageThat().contains("waits for");
        }
    }
}
