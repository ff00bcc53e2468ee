package dev.partita.shell.command;

import static com.google.common.truth.Truth.assertThat;
import static com.google.common.truth.Truth.assertWithMessage;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// `partita prove`, and what `partita plan` shows of the same strategies.
final class ProveCommandTest {
    @TempDir private Path folder;

    private Path json() {
        return folder.resolve("result.json");
    }

    @Test
    void training_in_f16_is_proved_against_one_device() throws IOException {
        CommandLineRun run =
                CommandLineRun.of(
                        "prove", "mlp", "--precision", "f16", "--mesh", "data=2", "--batch", "16");
        assertWithMessage("%s", run.err()).that(run.exit()).isEqualTo(0);
        assertThat(run.out()).contains("equals one device");
    }

    @Test
    void data_parallelism_from_the_first_device_equals_one_device_and_shows_who_is_fuller()
            throws IOException {
        String options = "mlp --mesh data=2 --data-parallel --batch 16";
        CommandLineRun proof = CommandLineRun.of(("prove " + options).split(" ", -1));
        assertWithMessage("%s", proof.err()).that(proof.exit()).isEqualTo(0);
        assertThat(proof.out()).contains("equals one device");
        CommandLineRun plan =
                CommandLineRun.of(("plan " + options + " --json " + json()).split(" ", -1));
        assertThat(plan.out()).contains("\nat data=0: rank 0, ");
        assertThat(plan.out()).contains("\nat data=1: rank 1, ");
        JsonArray roles = CommandLineRun.read(json()).getAsJsonArray("roles");
        assertThat(roles.size()).isEqualTo(2);
        JsonObject other = roles.get(1).getAsJsonObject();
        assertThat(other.get("role").getAsString()).isEqualTo("data=1");
        assertThat(other.getAsJsonObject("memoryBytes").get("optimizer").getAsLong()).isEqualTo(0);
    }

    @Test
    void experts_over_an_axis_of_their_name_equal_one_device_and_exchange_their_tokens() {
        String sizes = "--layers 1 --hidden 16 --heads 2 --vocab 16 --seq 8 --experts 4 --batch 4";
        for (String mesh : List.of("data=2,expert=2", "expert=4")) {
            List<String> words = new ArrayList<>(List.of("prove", "moe-gpt", "--mesh", mesh));
            words.addAll(List.of("--precision", "f64"));
            words.addAll(List.of(sizes.split(" ", -1)));
            CommandLineRun run = CommandLineRun.of(words.toArray(String[]::new));
            assertWithMessage("%s", run.err()).that(run.exit()).isEqualTo(0);
            assertThat(run.out()).contains("equals one device");
            words.set(0, "plan");
            assertThat(CommandLineRun.of(words.toArray(String[]::new)).out())
                    .contains("all-to-all expert dim 0 to 1 because");
        }
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(
            strings = {
                "context=2 --attention ring",
                "context=2 --attention all-to-all",
                "data=2,context=2,tensor=2 --attention ring --balanced",
            })
    void attention_over_sharded_positions_is_proved_against_one_device(String how) {
        String line =
                "prove gpt --layers 1 --hidden 16 --heads 4 --ffn 16 --vocab 16 --seq 16 --batch 2"
                        + " --kernels reference --precision f64 --steps 1 --mesh "
                        + how;
        CommandLineRun run = CommandLineRun.of(line.split(" ", -1));
        assertWithMessage("%s", run.err()).that(run.exit()).isEqualTo(0);
        assertThat(run.out()).contains("equals one device");
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(
            strings = {
                "gpt --positions rotary --activation swiglu --kv-heads 2 --untied --mesh data=2",
                "gpt --positions rotary --activation swiglu --kv-heads 2 --dropout 0.1 --mesh tensor=2",
                "gpt --kv-heads 1 --untied --dropout 0.1 --stages 2 --micro-batches 2",
                "moe-gpt --activation swiglu --positions rotary --mesh data=2",
                "bert --mesh data=2 --zero 3",
                "bert --mesh tensor=2 --dropout 0.1 --untied",
                "bert --norm pre --kv-heads 2 --mesh data=2,tensor=2",
                "bert --positions rotary --activation swiglu --stages 2 --micro-batches 2",
            })
    void transformers_of_all_parts_are_proved_against_one_device(String model) {
        String line =
                "prove "
                        + model
                        + " --layers 2 --width 16 --heads 4 --ffn 16 --vocab 16 --sequence 8 --batch 4"
                        + " --kernels reference --precision f64 --steps 1";
        CommandLineRun run = CommandLineRun.of(line.split(" ", -1));
        assertWithMessage("%s", run.err()).that(run.exit()).isEqualTo(0);
        assertThat(run.out()).contains("equals one device");
    }

    @ParameterizedTest(name = "resnet18 {0}")
    @ValueSource(
            strings = {
                "--mesh data=2 --batch 4",
                "--mesh data=2 --batch 4 --zero 3 --norm-groups 2",
                "--mesh data=2 --batch 4 --stages 2 --micro-batches 2 --norm-groups 4",
                "--mesh tensor=2 --shard s2a1=tensor --batch 4",
            })
    void a_residual_network_is_proved_against_one_device(String how) {
        String line = "prove resnet18 --channels 2 --steps 1 --precision f64 " + how;
        CommandLineRun run = CommandLineRun.of(line.split(" ", -1));
        assertWithMessage("%s", run.err()).that(run.exit()).isEqualTo(0);
        assertThat(run.out()).contains("equals one device");
    }

    @Test
    void micro_batches_take_less_memory_and_prove_equal() throws IOException {
        long whole = peak("plan convnet --mesh data=2 --batch 512");
        assertThat(peak("plan convnet --mesh data=2 --batch 512 --micro-batches 8"))
                .isLessThan(whole * 3 / 4);
        CommandLineRun run =
                CommandLineRun.of(
                        "prove mlp --mesh data=2 --batch 32 --micro-batches 4 --clip-norm 0.1",
                        json());
        assertWithMessage("%s", run.err()).that(run.exit()).isEqualTo(0);
        assertThat(CommandLineRun.read(json()).get("equal").getAsBoolean()).isTrue();
    }

    @Test
    void a_proof_in_double_precision_agrees_to_ten_digits() throws IOException {
        CommandLineRun run =
                CommandLineRun.of(
                        "prove mlp --mesh data=2,tensor=2 --batch 8 --steps 1 --precision f64"
                                + " --kernels reference",
                        json());
        assertWithMessage("%s%s", run.out(), run.err()).that(run.exit()).isEqualTo(0);
        JsonObject proof = CommandLineRun.read(json());
        assertThat(proof.get("equal").getAsBoolean()).isTrue();
        JsonObject differences = proof.getAsJsonObject("maxRelativeDifference");
        assertThat(differences.keySet())
                .containsExactly("loss", "gradients", "gradNorm", "weights", "states");
        assertThat(differences.get("gradients").getAsDouble()).isLessThan(1e-10);
    }

    @ParameterizedTest
    @ValueSource(strings = {"1", "2", "3"})
    void zero_is_planned_and_proved(String stage) throws IOException {
        String line =
                "prove mlp --mesh data=2 --batch 4 --steps 1 --precision f64 --kernels reference";
        CommandLineRun run = CommandLineRun.of(line + " --zero " + stage, json());
        assertWithMessage("%s%s", run.out(), run.err()).that(run.exit()).isEqualTo(0);
        assertThat(CommandLineRun.read(json()).get("equal").getAsBoolean()).isTrue();
        CommandLineRun plan = CommandLineRun.of("plan mlp --mesh data=2 --zero " + stage, json());
        assertThat(plan.out()).contains("all-gather data dim 0 because");
        JsonObject memory = CommandLineRun.read(json()).getAsJsonObject("memoryBytes");
        assertThat(memory.keySet())
                .containsExactly(
                        "weights",
                        "gradients",
                        "optimizer",
                        "activations",
                        "buffers",
                        "shared",
                        "total");
        // the 10 classes over 2 devices: all of the model divides
        long parameters = 784 * 512 + 512 + 512 * 512 + 512 + 512 * 10 + 10;
        assertThat(memory.get("optimizer").getAsLong()).isEqualTo(8 * parameters / 2);
    }

    private long peak(String line) throws IOException {
        assertThat(CommandLineRun.of(line, json()).exit()).isEqualTo(0);
        return CommandLineRun.read(json()).getAsJsonArray("peakBytesPerDevice").get(0).getAsLong();
    }
}
