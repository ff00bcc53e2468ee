package dev.partita.compiler.partition;

import static com.google.common.truth.Truth.assertThat;
import static dev.partita.compiler.CompileOptions.on;
import static dev.partita.dsl.layer.Layers.crossEntropy;
import static dev.partita.dsl.layer.Layers.features;
import static dev.partita.dsl.layer.Layers.linear;
import static dev.partita.dsl.layer.Layers.model;
import static dev.partita.dsl.layer.Layers.relu;

import dev.partita.compiler.CompileOptions;
import dev.partita.compiler.Compiler;
import dev.partita.compiler.plan.Step;
import dev.partita.dsl.layer.Model;
import dev.partita.dsl.mesh.Mesh;
import java.util.List;
import org.junit.jupiter.api.Test;

class BucketsTest {
    private static final CompileOptions DATA =
            on(Mesh.of("data", 2)).shard("batch").over("data").batch(8);

    /// Three layers, each with a weight of 8 x 8 floats and a bias of 8.
    private static Model net() {
        Model net = model("net", features("x", 8));
        for (int i = 1; i <= 3; i++) {
            net = net.then(linear("layer" + i, 8)).then(relu());
        }
        return net.loss(crossEntropy());
    }

    /// How many values each collective of this kind takes.
    private static List<Integer> sizes(CompileOptions options, String kind) {
        return Compiler.compile(net(), options)
                .plan()
                .program(0)
                .collectives()
                .filter(start -> start.op().toString().startsWith(kind))
                .map(Step.Start::sources)
                .map(List::size)
                .toList();
    }

    @Test
    void small_buckets_take_one_value_each() {
        assertThat(sizes(DATA.zero(2).over("data").bucketBytes(1), "reduce-scatter"))
                .containsExactly(1, 1, 1, 1, 1, 1);
        assertThat(sizes(DATA.zero(2).over("data").bucketBytes(1), "all-gather"))
                .containsExactly(1, 1, 1, 1, 1, 1);
    }

    @Test
    void scattered_gradients_and_new_weights_travel_in_buckets_up_to_the_limit() {
        // a layer has 4 * (64 + 8) bytes
        CompileOptions layerwise = DATA.zero(2).over("data").bucketBytes(300);
        assertThat(sizes(layerwise, "reduce-scatter")).containsExactly(2, 2, 2);
        assertThat(sizes(layerwise, "all-gather")).containsExactly(2, 2, 2);
        CompileOptions large = layerwise.bucketBytes(1 << 20);
        assertThat(sizes(large, "reduce-scatter")).containsExactly(6);
        assertThat(sizes(large, "all-gather")).containsExactly(6);
    }

    @Test
    void stored_weights_are_gathered_layer_by_layer_however_large_a_bucket_may_be() {
        // forward three layers, backward from the last, which is still there, to the second
        assertThat(sizes(DATA.zero(3).over("data").bucketBytes(1 << 20), "all-gather"))
                .containsExactly(2, 2, 2, 1)
                .inOrder();
    }

    @Test
    void sums_over_another_axis_follow_in_buckets_of_their_own() {
        CompileOptions hybrid =
                on(Mesh.of("data", 2).by("replica", 2))
                        .shard("batch")
                        .over("data", "replica")
                        .zero(2)
                        .over("data")
                        .batch(8);
        assertThat(sizes(hybrid, "reduce-scatter data")).containsExactly(6);
        assertThat(sizes(hybrid, "all-reduce replica")).containsExactly(6);
    }
}
