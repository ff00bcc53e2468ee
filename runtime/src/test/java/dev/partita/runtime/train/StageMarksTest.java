package dev.partita.runtime.train;

import static com.google.common.truth.Truth.assertThat;
import static com.google.common.truth.Truth.assertWithMessage;
import static dev.partita.compiler.CompileOptions.on;
import static dev.partita.dsl.layer.Layers.conv2d;
import static dev.partita.dsl.layer.Layers.crossEntropy;
import static dev.partita.dsl.layer.Layers.features;
import static dev.partita.dsl.layer.Layers.flatten;
import static dev.partita.dsl.layer.Layers.image;
import static dev.partita.dsl.layer.Layers.linear;
import static dev.partita.dsl.layer.Layers.maxPool;
import static dev.partita.dsl.layer.Layers.model;
import static dev.partita.dsl.layer.Layers.relu;
import static dev.partita.dsl.layer.Layers.tanh;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.partita.compiler.Compilation;
import dev.partita.compiler.CompileOptions;
import dev.partita.compiler.Compiler;
import dev.partita.compiler.plan.Binding;
import dev.partita.dsl.layer.Model;
import dev.partita.dsl.layer.Spelling;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.problem.ProblemException;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.kernels.KernelLibraries;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Stages that begin where the model says so: a convolution on one device, the pooling on another,
/// the linear layers on a third.
final class StageMarksTest {
    private static final Model NET =
            model("convnet", image("pixels", 1, 8, 8))
                    .then(conv2d("c1", 4, 3))
                    .then(relu())
                    .stage()
                    .then(maxPool(2))
                    .stage()
                    .then(flatten())
                    .then(linear("hidden", 8))
                    .then(relu())
                    .then(linear("classes", 4))
                    .loss(crossEntropy());

    private static CompileOptions options(String mesh, long microBatches) {
        CompileOptions options =
                on(Mesh.parse(mesh)).batch(12).microBatches(microBatches).dtype(Dtype.F64);
        return options.mesh().has("data") ? options.shard("batch").over("data") : options;
    }

    @ParameterizedTest(name = "mesh {0}, {1} micro-batches, {2}")
    @CsvSource({
        "pipe=3, 1, sequential",
        "pipe=3, 3, 1f1b",
        "'pipe=3,data=2', 3, gpipe",
    })
    void layers_on_devices_of_their_own_equal_one_device(
            String mesh, long microBatches, String schedule) {
        Compilation plan =
                Compiler.compile(
                        NET, options(mesh, microBatches).stages().schedule(schedule).over("pipe"));
        Proof proof = Proof.of(plan, KernelLibraries.reference(), 1, 2);
        assertWithMessage(proof.describe()).that(proof.equal()).isTrue();
    }

    @Test
    void each_device_has_the_weights_of_its_layers() {
        Compilation plan =
                Compiler.compile(
                        NET, options("pipe=3", 1).stages().schedule("sequential").over("pipe"));
        List<List<String>> weights =
                List.of(0, 1, 2).stream()
                        .map(rank ->
                                plan.plan()
                                        .program(rank)
                                        .bindings(Binding.Parameter.class)
                                        .map(Binding::name)
                                        .toList())
                        .toList();
        assertThat(weights)
                .containsExactly(
                        List.of("c1.weight", "c1.bias"),
                        List.of(),
                        List.of("hidden.weight", "hidden.bias", "classes.weight", "classes.bias"))
                .inOrder();
    }

    @Test
    void marks_mean_nothing_where_there_are_no_stages() {
        Compilation plan = Compiler.compile(NET, options("data=2", 1));
        assertThat(plan.plan().programs()).hasSize(1);
        assertThat(NET.toString()).contains("7 layers");
        assertThat(NET.stageBeginnings()).containsExactly("max-pool1", "flatten1").inOrder();
    }

    @Test
    void a_marked_model_is_written_with_its_marks() {
        assertThat(Spelling.of(NET)).contains("\n.stage()\n.then(maxPool(2))\n.stage()\n");
    }

    /// One axis splits hidden units in the first stage and examples in the second: two devices
    /// each, as tensor=2 and as data=2.
    @ParameterizedTest(name = "{0} micro-batches")
    @ValueSource(longs = {1, 4})
    void stages_may_split_other_dims_over_one_axis(long microBatches) {
        Model net =
                model("mlp", features("x", 6))
                        .then(linear("wide", 8))
                        .then(relu())
                        .then(linear("narrow", 4))
                        .stage()
                        .then(linear("hidden", 8))
                        .then(tanh())
                        .then(linear("classes", 4))
                        .loss(crossEntropy());
        CompileOptions options = options("pipe=2,inner=2", microBatches).batch(16);
        Compilation plan =
                Compiler.compile(
                        net,
                        options.shard("wide")
                                .over("inner")
                                .shard("batch")
                                .at("hidden", "tanh1", "classes", "loss")
                                .over("inner")
                                .stages()
                                .over("pipe"));
        Proof proof = Proof.of(plan, KernelLibraries.reference(), 1, 2);
        assertWithMessage(proof.describe()).that(proof.equal()).isTrue();
        assertThat(weights(plan, 0)).containsEntry("wide.weight", 4 * 6L);
        assertThat(weights(plan, 2)).containsEntry("hidden.weight", 8 * 4L);
        assertThat(plan.explain("inner"))
                .containsMatch("all-gather inner dim 0 because .* at\\{pipe=1} is used at pipe=0");
    }

    /// How many elements of each weight a device has.
    private static Map<String, Long> weights(Compilation plan, int rank) {
        var program = plan.plan().program(rank);
        return program.bindings(Binding.Parameter.class)
                .collect(
                        Collectors.toMap(
                                Binding::name,
                                b -> program.slot(b.slot()).type().shape().elements()));
    }

    @Test
    void other_stages_than_those_marked_are_refused() {
        String problem =
                assertThrows(
                                ProblemException.class,
                                () ->
                                        Compiler.compile(
                                                NET, options("pipe=2", 2).stages(2).over("pipe")))
                        .problem()
                        .print();
        assertThat(problem.replaceAll("(StageMarksTest.java):\\d+", "$1"))
                .isEqualTo(
                        """
                        [StageCut] The model marks other stages than it is to be cut into.
                          marked before:          max-pool1, flatten1
                          asked by:               stages(2).schedule("1f1b").over("pipe")
                          stages of the schedule: 2
                          at:                     StageMarksTest.java
                          try:                    stages(3) on a schedule of as many, or a model without .stage()\
                        """);
    }
}
