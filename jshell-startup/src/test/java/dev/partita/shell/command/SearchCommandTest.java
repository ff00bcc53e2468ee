package dev.partita.shell.command;

import static com.google.common.truth.Truth.assertThat;
import static com.google.common.truth.Truth.assertWithMessage;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class SearchCommandTest {
    private static final String SMALL =
            "search gpt --layers 4 --hidden 2048 --heads 16 --vocab 8192 --seq 1024 --global-batch 16 --gpus 4";

    @TempDir private Path folder;

    @Test
    void ranks_what_fits_and_says_what_decides_against_each_of_the_others() throws IOException {
        Path json = folder.resolve("search.json");
        CommandLineRun run = CommandLineRun.of(SMALL + " --memory 4 --gpus-per-node 2", json);
        assertWithMessage("%s", run.err()).that(run.exit()).isEqualTo(0);
        JsonObject result = CommandLineRun.read(json);
        double before = 0;
        for (JsonElement each : result.getAsJsonArray("ranked")) {
            JsonObject ranked = each.getAsJsonObject();
            assertThat(ranked.get("stepSeconds").getAsDouble()).isAtLeast(before);
            assertThat(ranked.get("bytes").getAsLong()).isAtMost(4L << 30);
            before = ranked.get("stepSeconds").getAsDouble();
        }
        Set<String> kinds = new HashSet<>();
        for (JsonElement each : result.getAsJsonArray("rejected")) {
            kinds.add(each.getAsJsonObject().get("of").getAsString());
            assertThat(each.getAsJsonObject().get("because").getAsString()).containsMatch("\\d");
        }
        assertThat(kinds).containsAtLeast("rule", "memory", "needless", "slower");
        assertThat(run.out()).contains("does not fit by ");
    }

    @Test
    void what_it_says_to_run_runs_and_takes_as_long() throws IOException {
        Path found = folder.resolve("search.json");
        CommandLineRun search = CommandLineRun.of(SMALL, found);
        assertWithMessage("%s", search.err()).that(search.exit()).isEqualTo(0);
        JsonObject result = CommandLineRun.read(found);
        Path seen = folder.resolve("seen.json");
        String command = result.get("run").getAsString().replaceFirst("partita ", "");
        CommandLineRun run = CommandLineRun.of(command, seen);
        assertWithMessage("%s: %s", command, run.err()).that(run.exit()).isEqualTo(0);
        double estimated =
                result.getAsJsonArray("ranked")
                        .get(0)
                        .getAsJsonObject()
                        .get("stepSeconds")
                        .getAsDouble();
        assertWithMessage(command)
                .that(CommandLineRun.read(seen).get("stepSeconds").getAsDouble() / estimated)
                .isWithin(0.06)
                .of(1);
    }

    @ParameterizedTest
    @CsvSource({
        "--layers 0, InvalidArgument, --layers 4",
        "--gpus 0, InvalidArgument, 64 devices",
        "--memory -1, InvalidArgument, --memory 80",
        "--gpus 1 --layers 2 --global-batch 1 --memory 0.1, OutOfMemory, more devices",
        "--gpu a100, InvalidArgument, a100-80gb",
    })
    void what_cannot_be_searched_is_refused(String option, String code, String fix) {
        CommandLineRun run = CommandLineRun.of(("search gpt " + option).split(" ", -1));
        assertThat(run.exit()).isEqualTo(2);
        assertThat(run.err()).contains(code);
        assertThat(run.err()).contains(fix);
    }
}
