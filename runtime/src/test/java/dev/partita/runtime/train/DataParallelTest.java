package dev.partita.runtime.train;

import static com.google.common.truth.Truth.assertThat;
import static com.google.common.truth.Truth.assertWithMessage;
import static dev.partita.compiler.CompileOptions.on;
import static dev.partita.dsl.layer.Layers.adam;
import static dev.partita.dsl.layer.Layers.conv2d;
import static dev.partita.dsl.layer.Layers.crossEntropy;
import static dev.partita.dsl.layer.Layers.dropout;
import static dev.partita.dsl.layer.Layers.flatten;
import static dev.partita.dsl.layer.Layers.image;
import static dev.partita.dsl.layer.Layers.linear;
import static dev.partita.dsl.layer.Layers.maxPool;
import static dev.partita.dsl.layer.Layers.model;
import static dev.partita.dsl.layer.Layers.relu;

import dev.partita.compiler.Compilation;
import dev.partita.compiler.CompileOptions;
import dev.partita.compiler.Compiler;
import dev.partita.dsl.layer.Model;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.kernels.KernelLibraries;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Training from the first device of an axis, as `torch.nn.DataParallel` does it.
final class DataParallelTest {
    private static final Model NET =
            model("convnet", image("pixels", 1, 12, 12))
                    .then(conv2d("c1", 4, 3))
                    .then(relu())
                    .then(maxPool(2))
                    .then(flatten())
                    .then(dropout(0.25))
                    .then(linear("hidden", 8))
                    .then(relu())
                    .then(linear("classes", 4))
                    .loss(crossEntropy());

    private static Compilation compile(String mesh, Dtype dtype) {
        CompileOptions options = on(Mesh.parse(mesh)).dataParallel().over("data");
        if (mesh.contains("tensor")) {
            options = options.shard("hidden").over("tensor");
        }
        return Compiler.compile(NET, options.batch(12).dtype(dtype).optimizer(adam(1e-2)));
    }

    @ParameterizedTest(name = "mesh {0}")
    @ValueSource(strings = {"data=1", "data=2", "data=3", "data=2,tensor=2", "tensor=2,data=4"})
    void it_equals_one_device_in_doubles(String mesh) {
        Compilation plan = compile(mesh, Dtype.F64);
        System.out.println(plan.plan().print());
        Proof proof = Proof.of(plan, KernelLibraries.reference(), 3, 2);
        assertWithMessage(proof.describe()).that(proof.equal()).isTrue();
        assertThat(proof.maxRelativeDifference().largest()).isAtMost(1e-10);
    }
}
