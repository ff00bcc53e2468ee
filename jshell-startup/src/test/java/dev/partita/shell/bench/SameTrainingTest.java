package dev.partita.shell.bench;

import static com.google.common.truth.Truth.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.partita.compiler.Precision;
import dev.partita.dsl.problem.ProblemException;
import java.util.List;
import org.junit.jupiter.api.Test;

final class SameTrainingTest {
    private static final List<Double> FALLS = List.of(2.3, 2.2, 2.1, 2.0, 1.9);

    private static List<Double> times(double factor) {
        return FALLS.stream().map(loss -> loss * factor).toList();
    }

    @Test
    void losses_that_differ_by_rounding_are_the_same_training() {
        new SameTraining(FALLS, times(1 + 5e-5)).require(Precision.F32);
        new SameTraining(FALLS, times(1 + 1e-2)).require(Precision.BF16);
    }

    @Test
    void losses_that_differ_by_more_are_not() {
        var other = new SameTraining(FALLS, times(1 + 1e-3));
        var problem = assertThrows(ProblemException.class, () -> other.require(Precision.F32));
        assertThat(problem).hasMessageThat().contains("does not train the same network");
        assertThat(problem).hasMessageThat().contains("2.30000 2.20000");
    }

    @Test
    void a_loss_that_does_not_fall_is_no_training() {
        var standing = new SameTraining(FALLS.reversed(), FALLS.reversed());
        assertThrows(ProblemException.class, () -> standing.require(Precision.F32));
        List<Double> lost = List.of(2.3, 2.2, 2.1, 2.0, Double.NaN);
        assertThrows(
                ProblemException.class, () -> new SameTraining(FALLS, lost).require(Precision.F32));
    }
}
