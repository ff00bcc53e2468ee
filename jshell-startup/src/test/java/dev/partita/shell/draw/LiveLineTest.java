package dev.partita.shell.draw;

import static com.google.common.truth.Truth.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

final class LiveLineTest {
    private static final long SECOND = Duration.ofSeconds(1).toNanos();

    private final ByteArrayOutputStream written = new ByteArrayOutputStream();
    private final PrintStream out = new PrintStream(written, true, StandardCharsets.UTF_8);

    private String text() {
        return written.toString(StandardCharsets.UTF_8).replace(System.lineSeparator(), "\n");
    }

    @Test
    void a_screen_line_is_written_over_and_ends_with_the_last_text() {
        var line = new LiveLine(out, true);
        line.show("one", 0);
        line.show("held back", 1);
        line.show("two", SECOND);
        line.show("three", SECOND + 1);
        line.end();
        assertThat(text()).isEqualTo("\rone\u001b[K\rtwo\u001b[K\rthree\u001b[K\n");
    }

    @Test
    void a_file_gets_a_line_every_few_seconds_and_the_last() {
        var line = new LiveLine(out, false);
        for (int second = 0; second <= 7; second++) {
            line.show("second " + second, second * SECOND);
        }
        line.end();
        assertThat(text()).isEqualTo("second 0\nsecond 3\nsecond 6\nsecond 7\n");
    }

    @Test
    void a_progress_bar_says_how_far_how_fast_and_how_long() {
        var bar = bar(141, 235, 0.21437, OptionalDouble.empty(), 8231.4, Duration.ofSeconds(12));
        assertThat(bar.line())
                .isEqualTo(
                        "epoch 1 ━━━━━━━━━━━━━━╌╌╌╌╌╌╌╌╌╌ 141/235  loss 0.2144  8,231 samples/s  00:12 left");
        var unknown = bar(0, 0, 0, OptionalDouble.empty(), 0, Duration.ofHours(2));
        assertThat(unknown.line())
                .isEqualTo("epoch 1 ━━━━━━━━━━━━━━━━━━━━━━━━ 0/0  loss 0.0000  2:00:00 left");
        var tested = bar(1, 2, 1.5, OptionalDouble.of(1.61234), 0, Duration.ofSeconds(1));
        assertThat(tested.line()).contains(" 1/2  loss 1.5000  validation 1.6123  00:01 left");
    }

    private static ProgressBar bar(
            long done,
            long total,
            double loss,
            OptionalDouble validation,
            double speed,
            Duration left) {
        return new ProgressBar("epoch 1", done, total, loss, validation, speed, left);
    }
}
