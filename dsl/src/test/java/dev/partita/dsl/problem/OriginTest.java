package dev.partita.dsl.problem;

import static com.google.common.truth.Truth.assertThat;

import dev.partita.dsl.mesh.Mesh;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;

class OriginTest {
    @Test
    void here_is_the_line_of_the_users_call() {
        int line =
                StackWalker.getInstance()
                        .walk(frames -> frames.findFirst().orElseThrow().getLineNumber());
        assertThat(Origin.here().toString()).isEqualTo("OriginTest.java:" + (line + 1));
    }

    @Test
    void frames_of_the_language_itself_are_passed_over() {
        int line =
                StackWalker.getInstance()
                        .walk(frames -> frames.findFirst().orElseThrow().getLineNumber());
        var exception = Assertions.assertThrows(ProblemException.class, () -> Mesh.of("2", 2));
        assertThat(exception.problem().origin().toString())
                .isEqualTo("OriginTest.java:" + (line + 1));
    }

    @Test
    void a_jshell_snippet_is_known_by_its_number() {
        assertThat(Origin.of("$JShell$12.java", 1).toString()).isEqualTo("#12");
        assertThat(Origin.of("$JShell$12B.java", 5).toString()).isEqualTo("#12");
        assertThat(Origin.of("Mlp.java", 14).toString()).isEqualTo("Mlp.java:14");
    }

    @Test
    void no_file_is_an_unknown_origin_and_prints_empty() {
        assertThat(Origin.of(null, 3)).isEqualTo(Origin.UNKNOWN);
        assertThat(Origin.UNKNOWN.isKnown()).isFalse();
        assertThat(Origin.UNKNOWN.toString()).isEmpty();
    }
}
