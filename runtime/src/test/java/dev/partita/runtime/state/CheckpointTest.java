package dev.partita.runtime.state;

import static com.google.common.truth.Truth.assertThat;
import static com.google.common.truth.Truth.assertWithMessage;
import static dev.partita.compiler.CompileOptions.on;
import static dev.partita.dsl.layer.Layers.adam;
import static dev.partita.dsl.layer.Layers.crossEntropy;
import static dev.partita.dsl.layer.Layers.features;
import static dev.partita.dsl.layer.Layers.gelu;
import static dev.partita.dsl.layer.Layers.linear;
import static dev.partita.dsl.layer.Layers.model;
import static dev.partita.dsl.layer.Layers.relu;
import static dev.partita.dsl.layer.Layers.sgd;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.partita.compiler.Compilation;
import dev.partita.compiler.Compiler;
import dev.partita.compiler.plan.Binding;
import dev.partita.dsl.layer.Layer;
import dev.partita.dsl.layer.Model;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.problem.ProblemException;
import dev.partita.runtime.execute.Session;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class CheckpointTest {
    @TempDir private Path run;

    private static List<Path> files(Path folder) throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            return all.filter(Files::isRegularFile).sorted().toList();
        }
    }

    private List<String> names() throws IOException {
        try (Stream<Path> all = Files.list(run)) {
            return all.map(each -> each.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void what_several_devices_hold_is_written_once_and_by_each_in_turn() throws IOException {
        Checkpoints.write(run, "data=2,tensor=2", 7);
        Path folder = run.resolve("step-00000007");
        assertThat(files(folder)).hasSize(5);
        long elements = 12 * 8 + 8 + 8 * 4 + 4;
        CheckpointIndex index = CheckpointIndex.read(folder);
        long stored =
                index.tensors().values().stream()
                        .flatMap(tensor -> tensor.blocks().stream())
                        .mapToLong(b -> b.place().sizes().stream().reduce(1L, (x, y) -> x * y))
                        .sum();
        assertThat(stored).isEqualTo(3 * elements + 8);
        for (Path file : files(folder)) {
            assertWithMessage("%s", file).that(Files.size(file)).isGreaterThan(300);
        }
    }

    @Test
    void a_checkpoint_says_what_it_is() {
        Checkpoints.write(run, "tensor=2", 7);
        Checkpoint checkpoint = Checkpoint.open(run);
        assertThat(checkpoint.toString())
                .isEqualTo(
                        "checkpoint of mlp after 7 steps, best test 0.5000, 2 files on mesh[tensor=2]");
        assertThat(checkpoint.describe())
                .contains("placed by   shard(\"hidden\").over(\"tensor\")");
        assertThat(checkpoint.describe())
                .contains(
                        "parameter  hidden.weight                 f32[hidden=8, x=12]  in 2 blocks");
        assertThat(checkpoint.parameters().keySet())
                .containsExactly("hidden.weight", "hidden.bias", "classes.weight", "classes.bias");
        assertThat(checkpoint.vocabulary()).hasValue("\n ab");
        assertThat(checkpoint.bestTensors().keySet()).containsExactly("hidden.bias");
    }

    private static Compilation dealt(String mesh, boolean balanced) {
        var hidden = on(Mesh.parse(mesh)).batch(8).optimizer(adam(1e-2)).shard("hidden");
        return Compiler.compile(
                Checkpoints.mlp(), (balanced ? hidden.balanced() : hidden).over("tensor"));
    }

    @Test
    void what_is_dealt_out_balanced_is_written_where_it_belongs_and_read_by_any_other_deal() {
        Compilation written = dealt("tensor=2", true);
        var weights = new LinkedHashMap<String, HostTensor>();
        try (Session session = Checkpoints.open(written)) {
            for (String name : session.names(Binding.Parameter.class)) {
                var type = session.readParameter(name).type();
                weights.put(name, HostTensor.generate(type, i -> 1.0 + i));
                session.writeParameter(name, weights.get(name));
            }
            Checkpoint.write(Checkpoints.state(written, session, 1), run);
        }
        var tensors = CheckpointIndex.read(run.resolve("step-00000001")).tensors();
        List<String> places =
                tensors.entrySet().stream()
                        .filter(tensor -> tensor.getKey().equals("hidden.weight"))
                        .flatMap(tensor -> tensor.getValue().blocks().stream())
                        .map(block -> block.place().toString())
                        .toList();
        assertThat(places).containsExactly("0+6,0;4,12", "2+4,0;4,12");
        for (Compilation other :
                List.of(
                        Checkpoints.compile(""),
                        dealt("tensor=2", false),
                        dealt("tensor=4", false),
                        dealt("tensor=2", true),
                        dealt("tensor=4", true))) {
            try (Session session = Checkpoints.open(other)) {
                Checkpoint.open(run).restore(other.model(), session.held());
                weights.forEach((name, weight) ->
                        assertWithMessage("%s on %s", name, other)
                                .that(session.readParameter(name).sameBits(weight))
                                .isTrue());
            }
        }
    }

    @Test
    void the_last_two_are_kept_and_the_last_is_opened() throws IOException {
        for (long step : new long[] {9, 10, 100}) {
            Checkpoints.write(run, "", step);
        }
        assertThat(names()).containsExactly("step-00000010", "step-00000100");
        assertThat(Checkpoint.open(run).point().step()).isEqualTo(100);
        assertThat(Checkpoint.open(run.resolve("step-00000010")).point().step()).isEqualTo(10);
    }

    @Test
    void a_checkpoint_is_never_replaced_by_another_of_the_same_step() {
        Checkpoints.write(run, "", 1);
        var problem =
                assertThrows(ProblemException.class, () -> Checkpoints.write(run, "", 1)).problem();
        assertThat(problem.code()).isEqualTo(ProblemCode.OUTPUT_NOT_WRITTEN);
        assertThat(Checkpoint.open(run).point().step()).isEqualTo(1);
    }

    @Test
    void what_a_process_that_is_no_more_left_half_written_is_deleted() throws IOException {
        Path left = Files.createDirectories(run.resolve(".step-00000003.999999999.part"));
        Files.writeString(left.resolve("index.json"), "{");
        Checkpoints.write(run, "", 4);
        assertThat(names()).containsExactly("step-00000004");
    }

    @Test
    void a_folder_that_cannot_be_written_is_a_problem_and_leaves_nothing() throws IOException {
        Path file = Files.writeString(run.resolve("file"), "in the way");
        var problem =
                assertThrows(ProblemException.class, () -> Checkpoints.write(file, "", 1))
                        .problem();
        assertThat(problem.code()).isEqualTo(ProblemCode.OUTPUT_NOT_WRITTEN);
        assertThat(names()).containsExactly("file");
    }

    @Test
    void a_writer_that_fails_half_way_leaves_the_one_before_and_nothing_else() throws IOException {
        Checkpoints.write(run, "", 1);
        assertThrows(
                IOException.class,
                () ->
                        new CheckpointFolder(run)
                                .add(
                                        2,
                                        folder -> {
                                            Files.writeString(folder.resolve("rank"), "half");
                                            throw new IOException("no room");
                                        }));
        assertThat(names()).containsExactly("step-00000001");
        assertThat(Checkpoint.open(run).point().step()).isEqualTo(1);
    }

    @Test
    void a_folder_without_a_checkpoint_is_a_problem_with_the_near_miss() {
        Checkpoints.write(run.resolve("shakespeare"), "", 1);
        Problem problem =
                assertThrows(
                                ProblemException.class,
                                () -> Checkpoint.open(run.resolve("shakespear")))
                        .problem();
        assertThat(problem.code()).isEqualTo(ProblemCode.CHECKPOINT_MISSING);
        assertThat(problem.fix()).contains("\"shakespeare\"");
    }

    @Test
    void a_checkpoint_of_another_version_is_not_guessed_at() throws IOException {
        Checkpoints.write(run, "", 1);
        Path index = run.resolve("step-00000001").resolve("index.json");
        Files.writeString(
                index, Files.readString(index).replace("\"version\": 1", "\"version\": 2"));
        Problem problem =
                assertThrows(ProblemException.class, () -> Checkpoint.open(run)).problem();
        assertThat(problem.code()).isEqualTo(ProblemCode.UNSUPPORTED);
        assertThat(problem.print()).contains("its version:     2");
    }

    @Test
    void a_corrupt_checkpoint_names_the_one_before() throws IOException {
        Checkpoints.write(run, "", 1);
        Checkpoints.write(run, "", 2);
        Path file = run.resolve("step-00000002").resolve("rank-00000-of-00001.safetensors");
        Files.write(file, new byte[100]);
        Problem problem =
                assertThrows(ProblemException.class, () -> Checkpoint.open(run)).problem();
        assertThat(problem.code()).isEqualTo(ProblemCode.CHECKPOINT_CORRUPT);
        assertThat(problem.print()).contains("rank-00000-of-00001.safetensors");
        assertThat(problem.fix()).contains("then step-00000001 is the last");
    }

    static LongStream seeds() {
        return LongStream.range(0, 300);
    }

    /// One byte changed, cut off or added anywhere in any file, or a file gone.
    @ParameterizedTest(name = "whatever happened to a file is found, seed {0}")
    @MethodSource("seeds")
    void whatever_happened_to_a_file_is_found(long seed) throws IOException {
        var random = new Random(seed);
        Checkpoints.write(run, "tensor=2", 1);
        List<Path> files = files(run);
        Path file = files.get(random.nextInt(files.size()));
        byte[] content = Files.readAllBytes(file);
        int at = random.nextInt(content.length);
        switch (random.nextInt(8)) {
            case 0 -> Files.delete(file);
            case 1 -> Files.write(file, Arrays.copyOf(content, at));
            case 2 -> Files.write(file, Arrays.copyOf(content, content.length + 1));
            case 3 -> Files.write(file, new byte[content.length]);
            default -> {
                content[at] ^= (byte) (1 << random.nextInt(8));
                Files.write(file, content);
            }
        }
        Problem problem =
                assertThrows(ProblemException.class, () -> Checkpoint.open(run)).problem();
        assertThat(problem.code())
                .isAnyOf(
                        ProblemCode.CHECKPOINT_CORRUPT,
                        ProblemCode.UNSUPPORTED,
                        ProblemCode.CHECKPOINT_MISSING);
    }

    private Problem refused(Compilation other) {
        Checkpoints.write(run, "tensor=2", 1);
        Checkpoint checkpoint = Checkpoint.open(run);
        try (Session session = Checkpoints.open(other)) {
            var before = new ArrayList<HostTensor>();
            session.names(Binding.Parameter.class)
                    .forEach(name -> before.add(session.readParameter(name)));
            Problem problem =
                    assertThrows(
                                    ProblemException.class,
                                    () -> checkpoint.restore(other.model(), session.held()))
                            .problem();
            int i = 0;
            for (String name : session.names(Binding.Parameter.class)) {
                assertThat(session.readParameter(name).sameBits(before.get(i++))).isTrue();
            }
            return problem;
        }
    }

    private static Model network(int hidden, Layer activation, String last) {
        return model("mlp", features("x", 12))
                .then(linear("hidden", hidden))
                .then(activation)
                .then(linear(last, 4))
                .loss(crossEntropy());
    }

    @Test
    void a_model_of_other_layers_is_refused_with_the_first_difference() {
        Problem problem =
                refused(Checkpoints.compile(network(8, gelu(), "classes"), "", adam(1e-2)));
        assertThat(problem.code()).isEqualTo(ProblemCode.CHECKPOINT_MISMATCH);
        assertThat(problem.print()).contains("in the checkpoint: relu1: relu");
        assertThat(problem.print()).contains("in the model:      gelu1: gelu");
    }

    @Test
    void a_model_of_another_width_is_refused_with_both_types() {
        Problem problem =
                refused(Checkpoints.compile(network(16, relu(), "classes"), "", adam(1e-2)));
        assertThat(problem.code()).isEqualTo(ProblemCode.CHECKPOINT_MISMATCH);
        assertThat(problem.print()).contains("f32[hidden=8], here f32[hidden=16]");
    }

    @Test
    void another_optimizer_is_refused_and_named() {
        Problem problem = refused(Checkpoints.compile(Checkpoints.mlp(), "", sgd(1e-2)));
        assertThat(problem.code()).isEqualTo(ProblemCode.CHECKPOINT_MISMATCH);
        assertThat(problem.sentence()).contains("another optimizer");
        assertThat(problem.print()).contains("only in the checkpoint: classes.bias/first-moment");
        assertThat(problem.fix()).contains("adam, f32");
    }
}
