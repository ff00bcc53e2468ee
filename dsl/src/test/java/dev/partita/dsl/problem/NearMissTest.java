package dev.partita.dsl.problem;

import static com.google.common.truth.Truth.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class NearMissTest {
    private static final List<String> NAMES = List.of("hidden", "classes", "batch");

    @Test
    void a_word_within_two_edits_is_what_was_meant() {
        assertThat(NearMiss.find("hiden", NAMES)).hasValue("hidden");
        assertThat(NearMiss.find("bacth", NAMES)).hasValue("batch");
        assertThat(NearMiss.find("vocabulary", NAMES)).isEmpty();
    }

    @Test
    void the_nearest_wins_and_the_alphabet_decides_a_tie() {
        assertThat(NearMiss.find("c1", List.of("c12", "c2", "c1x"))).hasValue("c12");
        assertThat(NearMiss.find("c3", List.of("c2", "c1"))).hasValue("c1");
    }

    @Test
    void the_way_out_lists_what_there_is() {
        assertThat(NearMiss.fix("hiden", NAMES, "dim"))
                .isEqualTo("dim \"hidden\" (there is hidden, classes, batch)");
        assertThat(NearMiss.fix("vocabulary", NAMES, "dim"))
                .isEqualTo("another dim: there is hidden, classes, batch");
        assertThat(NearMiss.fix("data", List.of(), "axis"))
                .isEqualTo("another axis: there is none");
    }
}
