package dev.partita.models;

import static com.google.common.truth.Truth.assertThat;
import static com.google.common.truth.Truth.assertWithMessage;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

/// The simulator beside training steps that others have measured.
class PublishedRunTest {
    @Test
    void published_figures_become_the_seconds_that_they_stand_for() {
        List<PublishedRun> runs = PublishedRun.all();
        assertThat(runs.size()).isAtLeast(18);
        PublishedRun trillion =
                runs.stream().filter(r -> r.name().equals("1008B")).findFirst().orElseThrow();
        // 502 petaFLOP/s in all (table 1) on 3,072 sequences
        assertThat(trillion.strategy().devices()).isEqualTo(3072);
        assertThat(trillion.seconds()).isWithin(0.5).of(102.6);
    }

    @Test
    void the_median_error_of_a_step_is_under_10_percent_and_none_over_25() {
        List<Double> errors = new ArrayList<>();
        for (PublishedRun run : PublishedRun.all()) {
            double error = Math.abs(run.estimate().seconds() / run.seconds() - 1);
            assertWithMessage("%s of %s", run.name(), run.source()).that(error).isLessThan(0.25);
            errors.add(error);
        }
        Collections.sort(errors);
        assertThat(errors.get(errors.size() / 2)).isLessThan(0.10);
    }
}
