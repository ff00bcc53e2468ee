package dev.partita.shell.command;

import static com.google.common.truth.Truth.assertThat;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class SimulateScheduleCommandTest {
    @TempDir private Path folder;

    @Test
    void a_schedule_is_drawn_and_written_as_json() throws IOException {
        Path json = folder.resolve("schedule.json");
        CommandLineRun run =
                CommandLineRun.of(
                        "simulate",
                        "schedule",
                        "--style",
                        "zb-h1",
                        "--stages",
                        "4",
                        "--json",
                        json.toString());
        assertThat(run.err()).isEmpty();
        assertThat(run.exit()).isEqualTo(0);
        assertThat(run.out()).contains("device 3 │···········3F0─3B0━");
        assertThat(run.out())
                .contains(
                        "bubble rate 0.1111, cost 27.000 ms, activations of at most 4 micro-batches");
        JsonObject result = CommandLineRun.read(json);
        assertThat(result.get("bubbleRate").getAsDouble()).isWithin(1e-12).of(3 / 27.0);
        assertThat(result.get("peakActivations").getAsDouble()).isEqualTo(4);
    }

    @Test
    void a_schedule_in_a_file_counts_if_it_can_run() throws IOException {
        Path file = folder.resolve("mine");
        Files.writeString(file, "0F0 0F1 0B1 0B0 # the last first\n1F0 1F1 1B1 1B0\n");
        CommandLineRun run = CommandLineRun.of("simulate", "schedule", "--style", file.toString());
        assertThat(run.exit()).isEqualTo(0);
        assertThat(run.out()).contains("bubble rate 0.3333");
    }

    @Test
    void a_schedule_in_a_file_that_would_hang_is_refused() throws IOException {
        Path file = folder.resolve("mine");
        Files.writeString(file, "0F0 0F1 0B1 0B0\n1F0 1B0 1F1 1B1\n".replace("1B0 1F1", "1B1 1F1"));
        CommandLineRun run = CommandLineRun.of("simulate", "schedule", "--style", file.toString());
        assertThat(run.exit()).isEqualTo(2);
        assertThat(run.err()).startsWith("[ScheduleRejected]");
    }

    @ParameterizedTest
    @CsvSource({
        "--style zb-q, zb-v",
        "--style dualpipe-v --micro-batches 7, 8 micro-batches",
        "--forward -1, not negative",
        "--stages 0, 1 or more"
    })
    void bad_input_is_one_problem(String options, String said) {
        CommandLineRun run = CommandLineRun.of(("simulate schedule " + options).split(" "));
        assertThat(run.exit()).isEqualTo(2);
        assertThat(run.err()).startsWith("[InvalidArgument]");
        assertThat(run.err()).contains(said);
        assertThat(run.out()).isEmpty();
    }
}
