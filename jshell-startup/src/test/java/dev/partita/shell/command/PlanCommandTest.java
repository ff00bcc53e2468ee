package dev.partita.shell.command;

import static com.google.common.truth.Truth.assertThat;
import static com.google.common.truth.Truth.assertWithMessage;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class PlanCommandTest {
    @TempDir private Path folder;

    private JsonObject plan(long microBatches) throws IOException {
        Path json = folder.resolve("plan.json");
        String line =
                "plan gpt --layers 2 --hidden 64 --heads 2 --seq 32 --mesh pipe=2,tensor=2 --batch "
                        + 2 * microBatches
                        + " --micro-batches "
                        + microBatches;
        CommandLineRun run = CommandLineRun.of(line, json);
        assertWithMessage("%s%s", run.out(), run.err()).that(run.exit()).isEqualTo(0);
        return CommandLineRun.read(json);
    }

    @Test
    void a_plan_in_stages_says_how_long_a_step_takes_and_how_much_of_it_is_bubble()
            throws IOException {
        JsonObject plan = plan(4);
        assertThat(plan.get("stepSeconds").getAsDouble()).isGreaterThan(0);
        // two stages, four micro-batches: one of five turns, less where the last stage works longer
        assertThat(plan.get("bubbleFraction").getAsDouble()).isWithin(0.15).of(0.2);
        assertThat(plan.get("writtenMicroBatches").getAsLong()).isEqualTo(4);
    }

    @Test
    void of_many_micro_batches_two_are_written_out_and_all_are_counted() throws IOException {
        JsonObject few = plan(8);
        JsonObject many = plan(1024);
        assertThat(many.get("microBatches").getAsLong()).isEqualTo(1024);
        assertThat(many.get("writtenMicroBatches").getAsLong()).isEqualTo(2);
        assertThat(many.getAsJsonArray("peakBytesPerDevice")).hasSize(4);
        double each =
                (many.get("steps").getAsDouble() - few.get("steps").getAsDouble()) / (1024 - 8);
        double before = few.get("steps").getAsDouble() - 8 * each;
        // what a micro-batch adds is most of it, whatever their number
        assertThat(before).isLessThan(0.3 * few.get("steps").getAsDouble());
        assertThat(many.get("bubbleFraction").getAsDouble())
                .isLessThan(few.get("bubbleFraction").getAsDouble());
    }

    @Test
    void a_step_in_time_is_a_page_a_trace_or_text() throws IOException {
        String line =
                "plan gpt --layers 2 --hidden 64 --heads 2 --seq 32 --mesh pipe=2 --batch 8"
                        + " --micro-batches 4 --gpu zen4-2-cores --timeline ";
        Path page = folder.resolve("step.html");
        assertThat(CommandLineRun.of((line + page).split(" ", -1)).exit()).isEqualTo(0);
        assertThat(Files.readString(page)).contains("predicted on zen4-2-cores");
        CommandLineRun text = CommandLineRun.of((line + "- --columns 80").split(" ", -1));
        assertThat(text.out()).contains("\npipe=1 │");
        CommandLineRun trace = CommandLineRun.of((line + page + " --format trace").split(" ", -1));
        JsonObject read = JsonParser.parseString(trace.out()).getAsJsonObject();
        assertThat(read.getAsJsonArray("traceEvents").size()).isGreaterThan(100);
        CommandLineRun refused = CommandLineRun.of((line + "step.pdf").split(" ", -1));
        assertThat(refused.exit()).isEqualTo(2);
        assertThat(refused.err()).contains("step.html for a page");
    }
}
