package dev.partita.shell.draw;

import static com.google.common.truth.Truth.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

final class TableTest {
    @Test
    void numbers_stand_to_the_right_and_words_to_the_left() {
        String table =
                Table.of("tensor", "bytes").row("c1/weight", 1152).row("h", "12,544").print();
        assertThat(table)
                .isEqualTo(
                        """
                          tensor       bytes
                          c1/weight     1152
                          h           12,544
                        """);
    }

    @Test
    void every_row_has_a_cell_for_each_word_of_the_heading() {
        assertThrows(IllegalArgumentException.class, () -> Table.of("a", "b").row(1));
    }
}
