package dev.partita.shell.draw;

import static com.google.common.truth.Truth.assertThat;

import org.junit.jupiter.api.Test;

final class LineChartTest {
    @Test
    void a_falling_line_runs_from_the_upper_left_to_the_lower_right() {
        assertThat(LineChart.draw("loss", 1, new double[] {8, 7, 6, 5, 4, 3, 2, 1}, 4, 2))
                .isEqualTo(
                        """
                        loss
                        8.000 ┤⠑⢄
                        1.000 ┤  ⠑⢄
                              └────
                               1  8
                        """);
    }

    @Test
    void a_constant_lies_in_the_middle() {
        assertThat(LineChart.draw("loss", 1, new double[] {1, 1}, 3, 1))
                .isEqualTo(
                        """
                        loss
                        1.000 ┤⠤⠤⠤
                              └───
                               1 2
                        """);
    }

    @Test
    void values_that_are_not_finite_leave_a_gap() {
        assertThat(
                        LineChart.draw("loss", 1, new double[] {1, Double.NaN, 1}, 3, 1)
                                .lines()
                                .toList()
                                .get(1))
                .isEqualTo("1.000 ┤⠤ ⠤");
        assertThat(LineChart.draw("loss", 1, new double[] {Double.NaN}, 3, 1))
                .isEqualTo("loss: nothing to draw\n");
    }

    @Test
    void steps_count_from_the_first_of_the_run() {
        assertThat(LineChart.draw("loss", 101, new double[] {1, 1}, 8, 1))
                .endsWith("\n       101  102\n");
    }
}
