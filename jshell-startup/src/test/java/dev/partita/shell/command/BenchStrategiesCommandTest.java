package dev.partita.shell.command;

import static com.google.common.truth.Truth.assertThat;
import static com.google.common.truth.Truth.assertWithMessage;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class BenchStrategiesCommandTest {
    @TempDir private Path folder;

    private CommandLineRun run(String more) {
        String words =
                "bench strategies --data %s --batch 16 %s".formatted(folder.resolve("data"), more);
        return CommandLineRun.of(words.strip().split(" ", -1));
    }

    @Test
    void four_strategies_are_compared_in_a_table_a_picture_and_as_json() throws IOException {
        Digits.write(folder.resolve("data"), 160, 32);
        Path json = folder.resolve("result.json");
        Path html = folder.resolve("result.html");
        CommandLineRun run = run("--json " + json + " --html " + html);
        assertWithMessage("%s", run.err()).that(run.exit()).isEqualTo(0);
        assertThat(run.out())
                .containsMatch("(?m)^ +DataParallel( +[\\d.]+){2} +[\\d.]+ / [\\d.]+ ");
        assertThat(run.out()).containsMatch("Memory of each device .*█ weights");
        assertThat(Files.readString(html)).contains("<svg");
        JsonArray cases = CommandLineRun.read(json).getAsJsonArray("cases");
        assertThat(names(cases))
                .containsExactly("one device", "DataParallel", "DDP", "DDP + bf16")
                .inOrder();
        double loss = number(cases, 0, "finalLoss");
        for (int i = 0; i < 4; i++) {
            assertThat(number(cases, i, "samplesPerSecond")).isGreaterThan(0.0);
            assertThat(number(cases, i, "secondsPerEpoch")).isGreaterThan(0.0);
            // the same training, but for rounding
            assertThat(number(cases, i, "finalLoss")).isWithin(i < 3 ? 1e-3 : 0.1).of(loss);
            JsonObject each = cases.get(i).getAsJsonObject();
            int devices = each.get("devices").getAsInt();
            assertThat(each.getAsJsonArray("utilisation").size()).isEqualTo(devices);
            for (JsonElement part : each.getAsJsonArray("utilisation")) {
                assertThat(part.getAsDouble()).isGreaterThan(0.0);
                assertThat(part.getAsDouble()).isAtMost(1.0);
            }
            JsonArray planned = each.getAsJsonArray("memoryBytesPerDevice");
            for (int device = 0; device < devices; device++) {
                assertThat(planned.get(device).getAsJsonObject().get("total").getAsLong())
                        .isEqualTo(
                                each.getAsJsonArray("peakBytesPerDevice").get(device).getAsLong());
            }
        }
        JsonArray uneven = cases.get(1).getAsJsonObject().getAsJsonArray("peakBytesPerDevice");
        assertThat(uneven.get(0).getAsLong()).isGreaterThan(2 * uneven.get(1).getAsLong());
    }

    @Test
    void a_page_that_cannot_be_written_is_said_before_anything_is_measured() throws IOException {
        Digits.write(folder.resolve("data"), 160, 32);
        CommandLineRun run = run("--html " + folder.resolve("no/such/folder.html"));
        assertThat(run.exit()).isEqualTo(2);
        assertThat(run.out()).isEmpty();
        assertThat(run.err()).startsWith("[OutputNotWritten]");
    }

    private static List<String> names(JsonArray cases) {
        return StreamSupport.stream(cases.spliterator(), false)
                .map(each -> each.getAsJsonObject().get("name").getAsString())
                .toList();
    }

    private static double number(JsonArray cases, int index, String field) {
        return cases.get(index).getAsJsonObject().get(field).getAsDouble();
    }
}
