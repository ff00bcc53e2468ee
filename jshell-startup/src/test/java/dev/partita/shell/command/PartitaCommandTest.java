package dev.partita.shell.command;

import static com.google.common.truth.Truth.assertThat;
import static com.google.common.truth.Truth.assertWithMessage;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class PartitaCommandTest {
    @TempDir private Path folder;

    private Path json() {
        return folder.resolve("result.json");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"shell", "demo", "train", "plan", "prove", "simulate", "bench", "doctor"})
    void every_command_has_help(String command) {
        CommandLineRun run = CommandLineRun.of(command, "--help");
        assertThat(run.exit()).isEqualTo(0);
        assertThat(run.out()).startsWith("Usage: partita " + command);
        assertThat(run.err()).isEmpty();
    }

    @Test
    void a_plan_in_bf16_says_first_which_ops_compute_in_which_type() {
        CommandLineRun run = CommandLineRun.of("plan", "mlp", "--precision", "bf16");
        assertThat(run.exit()).isEqualTo(0);
        assertThat(run.out()).startsWith("precision bf16\n  einsum         bf16 ");
        assertThat(run.out()).contains("einsum bk,ok->bo+bias+relu");
    }

    @Test
    void help_and_a_command_is_the_help_of_that_command() {
        assertThat(CommandLineRun.of("help", "train").out())
                .isEqualTo(CommandLineRun.of("train", "--help").out());
        assertThat(CommandLineRun.of("help").out()).isEqualTo(CommandLineRun.of("--help").out());
        assertThat(CommandLineRun.of("help", "trian").err()).contains("train");
    }

    @Test
    void a_plan_is_made_for_more_devices_than_any_machine_plays() throws IOException {
        CommandLineRun run =
                CommandLineRun.of("plan mlp --mesh data=128,tensor=4 --batch 1024", json());
        assertWithMessage("%s", run.err()).that(run.exit()).isEqualTo(0);
        JsonObject plan = CommandLineRun.read(json());
        assertThat(plan.get("devices").getAsInt()).isEqualTo(512);
        assertThat(plan.get("steps").getAsInt()).isGreaterThan(10);
        assertThat(plan.getAsJsonArray("peakBytesPerDevice")).hasSize(512);
        JsonObject collective = plan.getAsJsonArray("collectives").get(0).getAsJsonObject();
        assertThat(collective.keySet())
                .containsExactly("kind", "axis", "bytes", "because", "source");
        assertThat(collective.get("source").getAsString()).contains("Mlp.java:");
    }

    @Test
    void a_plan_as_json_is_what_the_terminal_shows_on_request() {
        CommandLineRun run = CommandLineRun.of("plan", "mlp", "--format", "json");
        assertThat(run.out()).contains("\"devices\": 1");
        assertThat(CommandLineRun.of("plan", "mlp").out()).contains("Mlp.java:");
    }

    @Test
    void training_writes_a_number_for_every_step_and_the_memory_it_foresaw() throws IOException {
        Digits.write(folder.resolve("data"), 64, 16);
        CommandLineRun run =
                CommandLineRun.of(
                        "train mlp --mesh data=2,tensor=2 --batch 16 --steps 5 --data "
                                + folder.resolve("data"),
                        json());
        assertWithMessage("%s", run.err()).that(run.exit()).isEqualTo(0);
        assertThat(run.out()).contains("batch over data, hidden over tensor");
        JsonObject result = CommandLineRun.read(json());
        for (String perStep : new String[] {"losses", "gradNorms", "stepMillis"}) {
            assertThat(result.getAsJsonArray(perStep)).hasSize(5);
        }
        JsonArray measured = result.getAsJsonArray("peakBytesPerDevice");
        assertThat(measured).hasSize(4);
        assertThat(measured).isEqualTo(result.getAsJsonArray("predictedPeakBytesPerDevice"));
        assertThat(result.get("testAccuracy").getAsDouble()).isAtLeast(0);
    }

    @Test
    void the_same_seed_trains_to_the_same_bits() throws IOException {
        Digits.write(folder.resolve("data"), 64, 16);
        String line =
                "train mlp --mesh data=2 --batch 16 --steps 4 --data " + folder.resolve("data");
        CommandLineRun.of(line, json());
        JsonArray first = CommandLineRun.read(json()).getAsJsonArray("losses");
        CommandLineRun.of(line, json());
        assertThat(CommandLineRun.read(json()).getAsJsonArray("losses")).isEqualTo(first);
        CommandLineRun.of(line + " --seed 2", json());
        assertThat(CommandLineRun.read(json()).getAsJsonArray("losses")).isNotEqualTo(first);
    }

    @Test
    void the_demo_trains_and_proves() throws IOException {
        Digits.write(folder.resolve("data"), 64, 16);
        CommandLineRun run =
                CommandLineRun.of(
                        "demo --epochs 1 --batch 32 --data " + folder.resolve("data"), json());
        assertWithMessage("%s", run.err()).that(run.exit()).isEqualTo(0);
        JsonObject result = CommandLineRun.read(json());
        assertThat(result.get("devices").getAsInt()).isEqualTo(4);
        assertThat(result.get("epochs").getAsInt()).isEqualTo(1);
        assertThat(result.get("maxRelativeDifference").getAsDouble()).isLessThan(1e-4);
        assertThat(result.keySet()).containsAtLeast("testAccuracy", "samplesPerSecond");
        assertThat(run.out()).contains("loss by step");
        assertThat(run.out()).contains("ConvNet.java:");
    }

    @Test
    void the_doctor_reports_processor_libraries_and_gpus() throws IOException {
        assertThat(CommandLineRun.of("doctor", json()).exit()).isEqualTo(0);
        JsonObject findings = CommandLineRun.read(json());
        assertThat(findings.getAsJsonObject("cpu").get("cores").getAsInt()).isAtLeast(1);
        assertThat(findings.keySet()).containsAtLeast("cpu", "gpus", "libraries");
        assertThat(
                        findings.getAsJsonArray("halfTypes").asList().stream()
                                .map(half -> text(half, "type"))
                                .toList())
                .containsExactly("bf16", "f16")
                .inOrder();
    }

    @Test
    void a_benchmark_says_how_fast_a_step_is_and_how_near_to_the_ceiling() throws IOException {
        CommandLineRun run =
                CommandLineRun.of("bench tiny --threads 1,2 --rounds 1 --peer none", json());
        assertWithMessage("%s", run.err()).that(run.exit()).isEqualTo(0);
        JsonArray cases = CommandLineRun.read(json()).getAsJsonArray("cases");
        assertThat(cases.asList().stream().map(each -> text(each, "name")).toList())
                .containsExactly("tiny", "tiny data=2");
        JsonObject shared = cases.get(1).getAsJsonObject();
        assertThat(text(shared, "peer")).isEqualTo("tiny");
        double ratio =
                shared.get("samplesPerSecond").getAsDouble()
                        / shared.get("peerSamplesPerSecond").getAsDouble();
        assertThat(shared.get("ratio").getAsDouble()).isWithin(1e-9).of(ratio);
        assertThat(run.out()).contains("tiny data=2");
    }

    private static String text(JsonElement object, String field) {
        return object.getAsJsonObject().get(field).getAsString();
    }

    @Test
    void scripts_run_in_order_up_to_the_first_failure() throws IOException {
        Path good = Files.writeString(folder.resolve("good.jsh"), "int a = 20;\na + 1\n");
        Path bad = Files.writeString(folder.resolve("bad.jsh"), "a / 0\n\"never\"\n");
        assertThat(CommandLineRun.of("shell", good.toString()).exit()).isEqualTo(0);
        CommandLineRun run = CommandLineRun.of("shell", good.toString(), bad.toString());
        assertThat(run.exit()).isEqualTo(1);
        assertThat(run.out()).contains("==> 21");
        assertThat(run.out()).doesNotContain("never");
        assertThat(run.err()).contains("bad.jsh:1");
    }
}
