package dev.partita.shell.command;

import static com.google.common.truth.Truth.assertThat;
import static com.google.common.truth.Truth.assertWithMessage;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class SimulateTrainingCommandTest {
    @TempDir private Path folder;

    @Test
    void a_step_on_many_devices_has_time_utilisation_and_memory() throws IOException {
        Path json = folder.resolve("step.json");
        CommandLineRun run =
                CommandLineRun.of(
                        "simulate training --layers 2 --hidden 512 --heads 8 --vocab 1024 --seq 256"
                                + " --global-batch 64 --micro-batch 4 --mesh data=8,tensor=2 --zero 1"
                                + " --recompute full --gpu h100-80gb",
                        json);
        assertWithMessage("%s", run.err()).that(run.exit()).isEqualTo(0);
        JsonObject result = CommandLineRun.read(json);
        assertThat(result.get("stepSeconds").getAsDouble()).isGreaterThan(0);
        assertThat(result.get("hfu").getAsDouble()).isGreaterThan(result.get("mfu").getAsDouble());
        JsonObject memory = result.getAsJsonObject("memoryBytes");
        long parts = 0;
        for (String part :
                new String[] {"weights", "gradients", "optimizer", "activations", "buffers"}) {
            parts += memory.get(part).getAsLong();
        }
        assertThat(memory.get("total").getAsLong() + memory.get("shared").getAsLong())
                .isEqualTo(parts);
    }

    @Test
    void a_large_model_in_stages_is_estimated_from_small_plans(@TempDir Path folder)
            throws Exception {
        Path json = folder.resolve("result.json");
        CommandLineRun run =
                CommandLineRun.of(
                        "simulate training --layers 24 --hidden 1024 --heads 16 --vocab 1024 --seq 512"
                                + " --global-batch 64 --mesh pipe=4,data=2,tensor=2 --schedule zb-h1",
                        json);
        assertWithMessage("%s", run.err()).that(run.exit()).isEqualTo(0);
        JsonObject result = CommandLineRun.read(json);
        assertThat(result.get("from").getAsString()).isEqualTo("plans of a few blocks");
        assertThat(result.get("bubbleFraction").getAsDouble()).isGreaterThan(0.01);
        assertThat(result.get("bubbleFraction").getAsDouble()).isLessThan(0.2);
        assertThat(result.get("fullestStage").getAsInt()).isEqualTo(0);
    }

    @ParameterizedTest
    @CsvSource({
        "--gpu a100, InvalidArgument, a100-80gb",
        "--model mlp, InvalidArgument, gpt",
        "--mesh pipe=4, IndivisibleDim, a multiple of 4 blocks",
        "--mesh context=4, InvalidArgument, tensor",
        "--attention lazy, InvalidArgument, fused",
        "--global-batch 10 --mesh data=2 --micro-batch 4, IndivisibleDim, a divisor of 5",
        "--gpus-per-node 0, InvalidArgument, at least one device"
    })
    void bad_input_is_one_problem(String options, String code, String said) {
        CommandLineRun run =
                CommandLineRun.of(
                        ("simulate training --layers 1 " + options).replace("'", "").split(" "));
        assertThat(run.exit()).isEqualTo(2);
        assertThat(run.err()).startsWith("[" + code + "]");
        assertThat(run.err()).contains(said);
    }
}
