package dev.partita.shell.command;

import static com.google.common.truth.Truth.assertThat;
import static com.google.common.truth.Truth.assertWithMessage;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What each command says to input it cannot use.
final class CommandProblemsTest {
    @TempDir private Path folder;

    private Path json() {
        return folder.resolve("result.json");
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
        "plan mlp --norm-groups 2, InvalidArgument, resnet18",
        "plan resnet18 --norm-groups 2 --mesh data=4, IndivisibleDim, local(4)",
        "plan resnet18 --micro-batches 2, Unsupported, local(2)",
        "plan mlp --mesh data=2 --shard batch=date, UnknownAxis, data",
        "plan mlp --mesh data=2 --shard bath=data, UnknownDim, batch",
        "plan mlp --mesh tensor=3, IndivisibleDim, hidden",
        "plan mlp --mesh data=2 --attention ring, InvalidArgument, tokens",
        "plan gpt --mesh data=2 --balanced, InvalidArgument, --shard sequence=AXIS",
        "plan gpt --mesh context=2 --attention rings, InvalidArgument, ring",
        "plan gpt --mesh context=2 --heads 1 --attention all-to-all, IndivisibleDim, attention(ring())",
        "plan mlp --mesh rows=2, AmbiguousPlacement, --shard DIM=rows",
        "plan mlp --mesh data:2, InvalidMesh, data=2",
        "plan mlp --format htm, InvalidArgument, html",
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
}
