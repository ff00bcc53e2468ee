package dev.partita.runtime.data;

import static com.google.common.truth.Truth.assertThat;
import static com.google.common.truth.Truth.assertWithMessage;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Which tokens are hidden from a model that learns to find them.
final class MaskingTest {
    private static final int LENGTH = 32;
    private static final TextSplit TEXT = GeneratedText.of(1).windows(LENGTH);
    private static final TextDataset HIDDEN = TEXT.train().hidden();
    private static final int MASK = HIDDEN.vocabulary().size();

    /// Tokens and labels of all windows of some epochs, window by window, in the order in which
    /// they are drawn.
    private static List<int[]> windows(TextDataset text, int batch, long seed, int epochs) {
        var sampler = new DistributedSampler(text.size(), batch, 1, Remainder.DROP);
        List<int[]> windows = new ArrayList<>();
        try (Batches batches = Batches.shuffled(text, sampler, Augmentation.none(), seed)) {
            for (int step = 0; step < epochs * sampler.steps(); step++) {
                Batch drawn = batches.next();
                for (int place = 0; place < batch; place++) {
                    windows.add(window(drawn, place));
                }
            }
        }
        return windows;
    }

    private static int[] window(Batch batch, int place) {
        var window = new int[3 * LENGTH];
        for (int i = 0; i < LENGTH; i++) {
            window[i] = at(batch.features(), place * LENGTH + i);
            window[LENGTH + i] = at(batch.labels(), place * LENGTH + i);
            window[2 * LENGTH + i] = at(batch.segments(), place * LENGTH + i);
        }
        return window;
    }

    private static int at(MemorySegment numbers, int index) {
        return numbers.getAtIndex(ValueLayout.JAVA_INT, index);
    }

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3})
    void of_a_seventh_of_the_tokens_most_are_masked_some_replaced_and_some_stay(long seed) {
        List<int[]> plain = windows(TEXT.train(), 8, seed, 1);
        List<int[]> hidden = windows(HIDDEN, 8, seed, 1);
        double tokens = (double) hidden.size() * LENGTH;
        int masked = 0;
        int replaced = 0;
        int stayed = 0;
        for (int w = 0; w < hidden.size(); w++) {
            for (int i = 0; i < LENGTH; i++) {
                int before = plain.get(w)[i];
                int now = hidden.get(w)[i];
                int label = hidden.get(w)[LENGTH + i];
                if (label == Masking.IGNORED) {
                    assertThat(now).isEqualTo(before);
                    continue;
                }
                assertThat(label).isEqualTo(before);
                masked += now == MASK ? 1 : 0;
                replaced += now != MASK && now != before ? 1 : 0;
                stayed += now == before ? 1 : 0;
            }
        }
        double all = masked + replaced + stayed;
        assertThat(all / tokens).isWithin(0.005).of(0.15);
        assertThat(masked / all).isWithin(0.01).of(0.8);
        // a character is drawn for itself now and then
        double itself = 0.1 / MASK;
        assertThat(replaced / all).isWithin(0.01).of(0.1 - itself);
        assertThat(stayed / all).isWithin(0.01).of(0.1 + itself);
    }

    @Test
    void what_is_hidden_hangs_on_the_place_in_the_text_and_not_on_the_batch() {
        List<int[]> small = windows(HIDDEN, 3, 5, 1);
        List<int[]> large = windows(HIDDEN, 16, 5, 1);
        for (int w = 0; w < Math.min(small.size(), large.size()); w++) {
            assertWithMessage("window %s", w).that(small.get(w)).isEqualTo(large.get(w));
        }
    }

    @Test
    void every_epoch_and_every_seed_hides_others() {
        TextDataset one = GeneratedText.of(1).windows(LENGTH).test().hidden();
        List<int[]> two = windows(one, one.size(), 5, 2);
        List<int[]> other = windows(one, one.size(), 6, 1);
        assertThat(hidden(two.subList(0, one.size())))
                .isNotEqualTo(hidden(two.subList(one.size(), 2 * one.size())));
        assertThat(hidden(two.subList(0, one.size()))).isNotEqualTo(hidden(other));
    }

    private static List<Integer> hidden(List<int[]> windows) {
        List<Integer> labels = new ArrayList<>();
        for (int[] window : windows) {
            for (int i = LENGTH; i < 2 * LENGTH; i++) {
                labels.add(window[i]);
            }
        }
        return labels;
    }

    @Test
    void tests_hide_the_same_every_time() {
        TextDataset test = TEXT.test().hidden();
        var sampler = new DistributedSampler(test.size(), 4, 1, Remainder.PAD);
        var drawn = new int[2][];
        for (int run = 0; run < 2; run++) {
            try (Batches batches = Batches.inOrder(test, sampler)) {
                drawn[run] = window(batches.next(), 3);
            }
        }
        assertThat(drawn[0]).isEqualTo(drawn[1]);
    }

    @Test
    void a_window_is_cut_into_two_segments_behind_a_line_or_in_the_middle() {
        Text lines = Text.of("lines", "one\nand two\nmore of it ".repeat(50));
        Text none = Text.of("none", "abcdefghijklmnopqrstuvwxyz".repeat(50));
        assertThat(second(lines.windows(16))).isEqualTo("one\nand two".indexOf('\n') + 1);
        assertThat(second(none.windows(16))).isEqualTo(8);
    }

    /// Where the second segment of the first window begins.
    private static int second(TextSplit text) {
        var sampler = new DistributedSampler(text.train().size(), 1, 1, Remainder.DROP);
        try (Batches batches = Batches.inOrder(text.train(), sampler)) {
            MemorySegment segments = batches.next().segments();
            int at = 0;
            while (at(segments, at) == 0) {
                at++;
            }
            for (int i = at; i < 16; i++) {
                assertThat(at(segments, i)).isEqualTo(1);
            }
            return at;
        }
    }
}
