package dev.partita.shell.command;

import static com.google.common.truth.Truth.assertThat;
import static com.google.common.truth.Truth.assertWithMessage;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
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

    @Test
    void a_plan_in_bf16_says_first_which_ops_compute_in_which_type() {
        CommandLineRun run = CommandLineRun.of("plan", "mlp", "--precision", "bf16");
        assertThat(run.exit()).isEqualTo(0);
        assertThat(run.out()).startsWith("precision bf16\n  einsum         bf16 ");
        assertThat(run.out()).contains("einsum bk,ok->bo+bias+relu");
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

    @Test
    void help_and_a_command_is_the_help_of_that_command() {
        assertThat(CommandLineRun.of("help", "train").out())
                .isEqualTo(CommandLineRun.of("train", "--help").out());
        assertThat(CommandLineRun.of("help").out()).isEqualTo(CommandLineRun.of("--help").out());
        assertThat(CommandLineRun.of("help", "trian").err()).contains("train");
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

    @ParameterizedTest
    @CsvSource({
        "trian mlp, InvalidArgument, train",
        "train mlp --bach 8, InvalidArgument, --batch",
        "train mlp --batch many, InvalidArgument, --help",
        "train, InvalidArgument, --help",
        "train mpl, UnknownModel, mlp",
        "train gpt --layers 0, InvalidArgument, --layers 4",
        "train gpt --hidden 10, IndivisibleDim, heads",
        "train gpt --data /no/such/text, DataFileMissing, text file",
        "plan mlp --seq 8, InvalidArgument, gpt",
        "plan mlp --dropout 0.1, InvalidArgument, leave them out",
        "plan gpt --kv-heads 3, IndivisibleDim, number of groups that divides 4",
        "plan gpt --kv-heads 1 --mesh tensor=2, IndivisibleDim, heads",
        "plan gpt --activation relu, InvalidArgument, gelu",
        "plan gpt --positions rotory, InvalidArgument, rotary",
        "plan gpt --positions rotary --width 12, IndivisibleDim, even number",
        "plan gpt --dropout 1.5, InvalidArgument, below 1",
        "plan gpt --norm pre, InvalidArgument, --norm",
        "plan bert --norm behind, InvalidArgument, post",
        "plan bert --experts 8, InvalidArgument, moe-gpt",
        "plan gpt --experts 8, InvalidArgument, moe-gpt",
        "plan moe-gpt --capacity some, InvalidArgument, dropless",
        "plan moe-gpt --experts 3 --top-k 4, InvalidArgument, topK(2)",
        "plan moe-gpt --experts 3 --mesh expert=2, IndivisibleDim, expert",
        "plan gpt --mesh expert=2, UnknownDim, sequence",
        "plan gpt --mesh tensor=2 --heads 1, IndivisibleDim, heads",
        "plan mlp --mesh data=2 --shard batch=date, UnknownAxis, data",
        "plan mlp --mesh data=2 --shard bath=data, UnknownDim, batch",
        "plan mlp --mesh tensor=3, IndivisibleDim, hidden",
        "plan mlp --mesh data=2 --attention ring, InvalidArgument, tokens",
        "plan gpt --mesh data=2 --balanced, InvalidArgument, --shard sequence=AXIS",
        "plan gpt --mesh context=2 --attention rings, InvalidArgument, ring",
        "plan gpt --mesh context=2 --heads 1 --attention all-to-all, IndivisibleDim, attention(ring())",
        "plan mlp --mesh rows=2, AmbiguousPlacement, --shard DIM=rows",
        "plan mlp --mesh data:2, InvalidMesh, data=2",
        "plan mlp --format html, Unsupported, text",
        "plan mlp --optimizer adm, InvalidArgument, adam",
        "plan mlp --lr-schedule cosin, InvalidArgument, cosine",
        "train mlp --steps 10 --warmup-steps 10, InvalidArgument, shorter",
        "plan mlp --batch 0, InvalidArgument, batch(256)",
        "plan mlp --precision bf61, InvalidArgument, bf16",
        "plan mlp --batch 64 --micro-batches 7, IndivisibleDim, microBatches(8)",
        "plan mlp --micro-batches 0, InvalidArgument, microBatches(4)",
        "plan mlp --clip-norm 0, InvalidArgument, clipNorm(1)",
        "plan mlp --mesh data=2 --zero 4, InvalidArgument, zero(3)",
        "plan mlp --mesh data=2 --zero-axis data, InvalidArgument, --zero 1",
        "plan mlp --mesh data=2 --zero 1 --zero-axis date, UnknownAxis, data",
        "plan mlp --mesh tensor=2 --zero 3 --zero-axis tensor, ZeroWithoutDataParallelism, batch",
        "plan mlp --mesh data=2 --data-parallel --zero 1, ZeroWithoutDataParallelism, dataParallel()",
        "plan mlp --mesh tensor=2 --data-parallel, UnknownAxis, tensor",
        "train mlp --early-stopping 0, InvalidArgument, stoppingEarly(3)",
        "plan mlp --label-smoothing 1, InvalidArgument, label smoothing",
        "plan mlp --weight-decay -1, InvalidArgument, weight decay",
        "plan mlp --optimizer adamw --decay-spares biass, InvalidArgument, bias",
        "plan mlp --stages 12, StageCut, relu1",
        "plan mlp --stages 0, InvalidArgument, --stages 2",
        "plan mlp --stages 2 --mesh pipe=3, InvalidArgument, --stages 3",
        "plan mlp --stages 2 --schedule 1f2b, InvalidArgument, 1f1b",
        "plan mlp --stages 2 --schedule zb-v --chunks 3, InvalidArgument, 2 stages per device",
        "plan mlp --schedule gpipe, InvalidArgument, --stages 2",
        "plan mlp --stages 2 --shard hidden=pipe, AxisUsedTwice, another axis",
        "train mlp --recompute ful, InvalidArgument, full",
        "plan mlp --memory-limit 1000, OutOfMemory, within(",
        "plan mlp --memory-limit 1000 --recompute full, InvalidArgument, one of the two",
        "train mlp --device cuda, Unsupported, cpu",
        "train mlp --mesh data=65 --batch 65, MeshTooLarge, --force",
        "train mlp --data /no/such/folder, DataFileMissing, MNIST",
        "train mlp --kernels cup, InvalidArgument, cpu",
        "demo --epochs 0, InvalidArgument, epochs",
        "bench covnet, InvalidArgument, convnet",
        "bench tiny --precision bf15, InvalidArgument, bf16",
        "bench tiny --peer /no/such/folder, DataFileMissing, -Ppeers",
        "shell /no/such/script.jsh, DataFileMissing, script",
    })
    void bad_input_is_one_problem_and_exit_code_2_and_nothing_is_written(
            String line, String code, String says) throws IOException {
        String options = line.startsWith("shell") ? line : line + " --json " + json();
        CommandLineRun run = CommandLineRun.of(options.split(" ", -1));
        assertWithMessage("%s", run.err()).that(run.exit()).isEqualTo(2);
        assertThat(run.err()).startsWith("[" + code + "] ");
        assertThat(run.err().lines().filter(l -> l.startsWith("["))).hasSize(1);
        assertThat(run.err()).contains(says);
        assertThat(run.err()).doesNotContain("\tat ");
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files).isEmpty();
        }
    }

    @Test
    void debug_adds_the_stack_trace() {
        assertThat(CommandLineRun.of("plan", "mpl", "--debug").err()).contains("\tat ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"plan mlp", "train mlp --steps 1", "prove mlp", "demo", "doctor"})
    void a_result_that_cannot_be_written_is_said_before_any_work(String line) {
        CommandLineRun run = CommandLineRun.of(line, folder.resolve("no").resolve("such.json"));
        assertThat(run.exit()).isEqualTo(2);
        assertThat(run.err()).startsWith("[OutputNotWritten] ");
        assertThat(run.out()).isEmpty();
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

    private long peak(String line) throws IOException {
        assertThat(CommandLineRun.of(line, json()).exit()).isEqualTo(0);
        return CommandLineRun.read(json()).getAsJsonArray("peakBytesPerDevice").get(0).getAsLong();
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
    void a_corrupt_data_file_is_named() throws IOException {
        Path data = folder.resolve("data");
        Digits.write(data, 64, 16);
        Files.write(data.resolve("train-images-idx3-ubyte"), new byte[] {1, 2, 3});
        CommandLineRun run = CommandLineRun.of("train mlp --data " + data, json());
        assertThat(run.exit()).isEqualTo(2);
        assertThat(run.err()).startsWith("[DataFileCorrupt] ");
        assertThat(run.err()).contains("train-images-idx3-ubyte");
        assertThat(Files.exists(json())).isFalse();
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
