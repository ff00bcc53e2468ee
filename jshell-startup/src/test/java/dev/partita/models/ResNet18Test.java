package dev.partita.models;

import static com.google.common.truth.Truth.assertThat;
import static com.google.common.truth.Truth.assertWithMessage;
import static dev.partita.compiler.CompileOptions.on;
import static dev.partita.dsl.layer.Layers.image;
import static dev.partita.dsl.layer.Layers.sgd;

import dev.partita.compiler.CompileOptions;
import dev.partita.compiler.Compiler;
import dev.partita.compiler.Recompute;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.layer.Model;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.kernels.KernelLibraries;
import dev.partita.runtime.train.Proof;
import org.junit.jupiter.api.Test;

class ResNet18Test {
    private static final CompileOptions DATA =
            on(Mesh.of("data", 2)).shard("batch").over("data").optimizer(sgd(0.1).momentum(0.9));

    private static final CompileOptions TENSOR =
            on(Mesh.of("tensor", 2)).shard("s2a1").over("tensor").optimizer(sgd(0.1));

    @Test
    void it_has_the_layers_of_the_paper() {
        Model model = ResNet18.model();
        long convolutions =
                model.trace(2, Dtype.F32, true)
                        .nodesOf(Op.Conv2d.class)
                        .filter(n -> !n.layer().endsWith("skip"))
                        .count();
        assertThat(convolutions + 1).isEqualTo(18);
        assertThat(ResNet18.of(image("pixels", 3, 32, 32), 64, 10).parameters())
                .isEqualTo(11_173_962);
    }

    @Test
    void a_narrow_one_on_two_devices_equals_one_device() {
        Model narrow = ResNet18.of(image("pixels", 1, 16, 16), 2, 10);
        for (Recompute recompute : new Recompute[] {Recompute.none(), Recompute.full()}) {
            CompileOptions options = DATA.batch(4).dtype(Dtype.F64).recompute(recompute);
            Proof proof =
                    Proof.of(Compiler.compile(narrow, options), KernelLibraries.reference(), 1, 2);
            assertWithMessage("%s", proof).that(proof.equal()).isTrue();
        }
    }

    @Test
    void in_floats_it_equals_one_device_as_closely_as_rounding_lets_it() {
        Model narrow = ResNet18.of(image("pixels", 1, 16, 16), 4, 10);
        for (CompileOptions options : new CompileOptions[] {DATA, TENSOR}) {
            Proof proof =
                    Proof.of(
                            Compiler.compile(narrow, options.batch(8)),
                            KernelLibraries.cpu(),
                            2,
                            3);
            assertWithMessage(proof.describe()).that(proof.equal()).isTrue();
        }
    }

    @Test
    void computing_blocks_again_saves_half_of_the_activations() {
        long kept = Compiler.compile(ResNet18.model(), DATA.batch(256)).plan().peakBytes();
        CompileOptions again = DATA.batch(256).recompute(Recompute.full());
        assertThat(Compiler.compile(ResNet18.model(), again).plan().peakBytes())
                .isLessThan(kept * 6 / 10);
    }
}
