package dev.partita.runtime.data;

import static com.google.common.truth.Truth.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.problem.ProblemException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

class TextTest {
    private static final String ALPHABET = "abcdefghijklmnopqrstuvwxyz";

    @TempDir private Path folder;

    @Test
    void a_token_is_the_place_of_its_character_in_the_order_of_unicode() {
        Vocabulary vocabulary = Vocabulary.of("to be\nor 😀 not");
        assertThat(vocabulary.size()).isEqualTo(9);
        assertThat(vocabulary.encode("\n b😀")).isEqualTo(new int[] {0, 1, 2, 8});
        assertThat(vocabulary.decode(vocabulary.encode("not to be"))).isEqualTo("not to be");
    }

    @Test
    void the_first_nine_tenths_are_to_train_on_and_a_label_is_the_next_token() {
        TextSplit split = Text.of("letters", ALPHABET.repeat(10)).windows(12);
        assertThat(split.train().size()).isEqualTo((234 - 1) / 12);
        assertThat(split.test().size()).isEqualTo((26 - 1) / 12);
        var window = new int[13];
        split.train().read(2, 0, window);
        assertThat(window[0]).isEqualTo(24);
        assertThat(window[2]).isEqualTo(0);
        var sampler = new DistributedSampler(split.train().size(), 3, 1, Remainder.DROP);
        try (Batches batches = Batches.inOrder(split.train(), sampler)) {
            MemorySegment labels = batches.next().labels();
            assertThat(labels.getAtIndex(ValueLayout.JAVA_INT, 2 * 12)).isEqualTo(window[1]);
            assertThat(labels.getAtIndex(ValueLayout.JAVA_INT, 2 * 12 + 11)).isEqualTo(window[12]);
        }
    }

    @Test
    void a_window_that_is_moved_stays_inside_the_text() {
        TextDataset text = Text.of("letters", ALPHABET.repeat(10)).windows(12).train();
        var window = new int[13];
        text.read(text.size() - 1, 11, window);
        assertThat(window[12]).isEqualTo((234 - 1) % 26);
    }

    @Test
    void an_epoch_cuts_the_text_elsewhere_and_the_same_seed_alike() {
        TextDataset text = Text.of("letters", ALPHABET.repeat(40)).windows(16).train();
        var sampler = new DistributedSampler(text.size(), 4, 1, Remainder.DROP);
        var starts = new int[2][];
        for (int run = 0; run < 2; run++) {
            try (Batches batches =
                    Batches.shuffled(text, sampler, Augmentation.none(), /* seed= */ 3)) {
                starts[run] = new int[2 * sampler.steps()];
                for (int i = 0; i < starts[run].length; i++) {
                    Batch batch = batches.next();
                    int first = batch.features().getAtIndex(ValueLayout.JAVA_INT, 0);
                    int second = batch.features().getAtIndex(ValueLayout.JAVA_INT, 1);
                    assertThat(batch.labels().getAtIndex(ValueLayout.JAVA_INT, 0))
                            .isEqualTo(second);
                    assertThat(second).isEqualTo((first + 1) % 26);
                    starts[run][i] = first;
                }
            }
        }
        assertThat(starts[0]).isEqualTo(starts[1]);
    }

    @Test
    void a_text_that_is_too_short_or_missing_or_not_utf_8_is_a_problem() throws IOException {
        assertThat(code(() -> Text.of("short", ALPHABET).windows(12)))
                .isEqualTo(ProblemCode.TOO_FEW_EXAMPLES);
        assertThat(code(() -> Text.read(folder.resolve("none"))))
                .isEqualTo(ProblemCode.DATA_FILE_MISSING);
        Path empty = Files.writeString(folder.resolve("empty"), "");
        assertThat(code(() -> Text.read(empty))).isEqualTo(ProblemCode.TOO_FEW_EXAMPLES);
        Path latin = Files.write(folder.resolve("latin"), new byte[] {'a', (byte) 0xFC, 'b'});
        assertThat(code(() -> Text.read(latin))).isEqualTo(ProblemCode.DATA_FILE_CORRUPT);
        Path file = Files.writeString(folder.resolve("text"), "äb");
        assertThat(Text.read(file).toString()).isEqualTo("text: 2 characters, 2 different ones");
    }

    @Test
    void generated_text_is_a_function_of_the_seed() {
        TextDataset first = GeneratedText.of(5).windows(64).train();
        TextDataset again = GeneratedText.of(5).windows(64).train();
        TextDataset other = GeneratedText.of(6).windows(64).train();
        assertThat(start(first)).isEqualTo(start(again));
        assertThat(start(first)).isNotEqualTo(start(other));
        assertThat(start(first)).containsMatch("the ");
        assertThat(first.classes()).isAtMost(48);
    }

    private static String start(TextDataset text) {
        var window = new int[65];
        text.read(0, 0, window);
        return text.vocabulary().decode(window);
    }

    private static ProblemCode code(Executable read) {
        return assertThrows(ProblemException.class, read).problem().code();
    }
}
