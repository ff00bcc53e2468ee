package dev.partita.dsl.layer;

import static com.google.common.truth.Truth.assertThat;
import static dev.partita.dsl.layer.Layers.attention;
import static dev.partita.dsl.layer.Layers.conv2d;
import static dev.partita.dsl.layer.Layers.dim;
import static dev.partita.dsl.layer.Layers.dropout;
import static dev.partita.dsl.layer.Layers.embedding;
import static dev.partita.dsl.layer.Layers.features;
import static dev.partita.dsl.layer.Layers.flatten;
import static dev.partita.dsl.layer.Layers.gelu;
import static dev.partita.dsl.layer.Layers.image;
import static dev.partita.dsl.layer.Layers.layerNorm;
import static dev.partita.dsl.layer.Layers.linear;
import static dev.partita.dsl.layer.Layers.maxPool;
import static dev.partita.dsl.layer.Layers.meanSquared;
import static dev.partita.dsl.layer.Layers.model;
import static dev.partita.dsl.layer.Layers.positions;
import static dev.partita.dsl.layer.Layers.relu;
import static dev.partita.dsl.layer.Layers.residual;
import static dev.partita.dsl.layer.Layers.rmsNorm;
import static dev.partita.dsl.layer.Layers.sequential;
import static dev.partita.dsl.layer.Layers.softmax;
import static dev.partita.dsl.layer.Layers.swiGlu;
import static dev.partita.dsl.layer.Layers.tiedTo;
import static dev.partita.dsl.layer.Layers.tokens;

import dev.partita.dsl.graph.Elementwise;
import dev.partita.dsl.graph.Initializer;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Value;
import dev.partita.dsl.tensor.Dtype;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class LayersTest {
    private static String traced(Model model) {
        return ModelTest.printed(model.trace(2, Dtype.F32, false));
    }

    private static Map<String, Initializer> initializers(Model model) {
        var result = new LinkedHashMap<String, Initializer>();
        model.trace(1, Dtype.F32, false)
                .nodesOf(Op.Parameter.class)
                .forEach(node -> {
                    if (node.op() instanceof Op.Parameter parameter) {
                        result.put(parameter.name(), parameter.initializer());
                    }
                });
        return result;
    }

    @Test
    void a_linear_layer_may_name_its_dim_apart_from_itself_and_go_without_bias() {
        String expected =
                """
                graph square
                  %0 = input "model" : f32[batch=2, model=4]
                  %1 = parameter "project.weight" : f32[model=4, model'=4]  ; project
                  %2 = einsum bk,ok->bo %0 %1 : f32[batch=2, model=4]  ; project
                  return prediction = %2
                """;
        var model =
                model("square", features("model", 4))
                        .then(linear("project", dim("model", 4)).withoutBias());
        assertThat(traced(model)).isEqualTo(expected);
    }

    @Test
    void a_text_model_embeds_normalises_and_adds_what_its_block_makes() {
        String expected =
                """
                graph text
                  %0 = input "text" : i32[batch=2, text=8]
                  %1 = parameter "model.weight" : f32[vocab=96, model=4]  ; model
                  %2 = embedding %1 %0 : f32[batch=2, text=8, model=4]  ; model
                  %3 = parameter "norm.weight" : f32[model=4]  ; norm
                  %4 = parameter "norm.bias" : f32[model=4]  ; norm
                  %5, %6, %7 = layer-norm %2 %3 %4 : f32[batch=2, text=8, model=4], \
                f32[batch=2, text=8], f32[batch=2, text=8]  ; norm
                  %8 = parameter "up.weight" : f32[up=16, model=4]  ; up
                  %9 = einsum bck,ok->bco %5 %8 : f32[batch=2, text=8, up=16]  ; up
                  %10 = parameter "up.bias" : f32[up=16]  ; up
                  %11 = add-bias %9 %10 : f32[batch=2, text=8, up=16]  ; up
                  %12 = gelu %11 : f32[batch=2, text=8, up=16]  ; gelu1
                  %13 = parameter "down.weight" : f32[model=4, up=16]  ; down
                  %14 = einsum bck,ok->bco %12 %13 : f32[batch=2, text=8, model=4]  ; down
                  %15 = parameter "down.bias" : f32[model=4]  ; down
                  %16 = add-bias %14 %15 : f32[batch=2, text=8, model=4]  ; down
                  %17 = add %2 %16 : f32[batch=2, text=8, model=4]  ; residual1
                  %18 = softmax %17 : f32[batch=2, text=8, model=4]  ; softmax1
                  return prediction = %18
                """;
        var model =
                model("text", tokens("text", 8, 96))
                        .then(embedding("model", 4))
                        .then(
                                residual(
                                        layerNorm("norm"),
                                        sequential(linear("up", 16), gelu()),
                                        linear("down", dim("model", 4))))
                        .then(softmax());
        assertThat(traced(model)).isEqualTo(expected);
    }

    @Test
    void attention_with_shared_keys_projects_turns_attends_and_projects_back() {
        String expected =
                """
                graph text
                  %0 = input "text" : i32[batch=2, text=8]
                  %1 = parameter "model.weight" : f32[vocab=96, model=8]  ; model
                  %2 = embedding %1 %0 : f32[batch=2, text=8, model=8]  ; model
                  %3 = parameter "mix.query.weight" : \
                f32[heads=2, queries=2, head-size=2, model=8]  ; mix.query
                  %4 = einsum abi,opqi->abopq %2 %3 : \
                f32[batch=2, text=8, heads=2, queries=2, head-size=2]  ; mix.query
                  %5 = parameter "mix.key.weight" : f32[heads=2, head-size=2, model=8]  ; mix.key
                  %6 = einsum abi,opi->abop %2 %5 : \
                f32[batch=2, text=8, heads=2, head-size=2]  ; mix.key
                  %7 = parameter "mix.value.weight" : f32[heads=2, head-size=2, model=8]  ; mix.value
                  %8 = einsum abi,opi->abop %2 %7 : \
                f32[batch=2, text=8, heads=2, head-size=2]  ; mix.value
                  %9 = rotary %4 : f32[batch=2, text=8, heads=2, queries=2, head-size=2]  ; mix
                  %10 = rotary %6 : f32[batch=2, text=8, heads=2, head-size=2]  ; mix
                  %11, %12 = causal-attention %9 %10 %8 : \
                f32[batch=2, text=8, heads=2, queries=2, head-size=2], \
                f32[batch=2, text=8, heads=2, queries=2]  ; mix
                  %13 = parameter "mix.output.weight" : \
                f32[model=8, heads=2, queries=2, head-size=2]  ; mix.output
                  %14 = einsum abijk,oijk->abo %11 %13 : f32[batch=2, text=8, model=8]  ; mix.output
                  return prediction = %14
                """;
        var model =
                model("text", tokens("text", 8, 96))
                        .then(embedding("model", 8))
                        .then(attention("mix", 4).causal().groups(2).rotary().withoutBias());
        assertThat(traced(model)).isEqualTo(expected);
    }

    @Test
    void a_gated_feed_forward_multiplies_its_two_halves_and_keeps_the_width() {
        String expected =
                """
                graph block
                  %0 = input "model" : f32[batch=2, model=4]
                  %1 = parameter "norm.weight" : f32[model=4]  ; norm
                  %2, %3 = rms-norm %0 %1 : f32[batch=2, model=4], f32[batch=2]  ; norm
                  %4 = parameter "mlp.up.weight" : f32[ffn=6, model=4]  ; mlp.up
                  %5 = einsum ai,oi->ao %2 %4 : f32[batch=2, ffn=6]  ; mlp.up
                  %6 = parameter "mlp.gate.weight" : f32[ffn=6, model=4]  ; mlp.gate
                  %7 = einsum ai,oi->ao %2 %6 : f32[batch=2, ffn=6]  ; mlp.gate
                  %8 = silu %7 : f32[batch=2, ffn=6]  ; mlp
                  %9 = multiply %8 %5 : f32[batch=2, ffn=6]  ; mlp
                  %10 = parameter "mlp.down.weight" : f32[model=4, ffn=6]  ; mlp.down
                  %11 = einsum ai,oi->ao %9 %10 : f32[batch=2, model=4]  ; mlp.down
                  return prediction = %11
                """;
        var model =
                model("block", features("model", 4)).then(rmsNorm("norm")).then(swiGlu("mlp", 6));
        assertThat(traced(model)).isEqualTo(expected);
    }

    @Test
    void a_tied_output_reads_the_table_of_the_embedding_and_positions_are_added() {
        String expected =
                """
                graph text
                  %0 = input "text" : i32[batch=2, text=8]
                  %1 = parameter "model.weight" : f32[vocab=96, model=4]  ; model
                  %2 = embedding %1 %0 : f32[batch=2, text=8, model=4]  ; model
                  %3 = parameter "places.weight" : f32[text=8, model=4]  ; places
                  %4 = add-bias %2 %3 : f32[batch=2, text=8, model=4]  ; places
                  %5 = einsum bck,ok->bco %4 %1 : f32[batch=2, text=8, vocab=96]  ; tied1
                  return prediction = %5
                """;
        var model =
                model("text", tokens("text", 8, 96))
                        .then(embedding("model", 4).deviation(0.02))
                        .then(positions("places"))
                        .then(tiedTo("model"));
        assertThat(traced(model)).isEqualTo(expected);
        assertThat(initializers(model).get("model.weight")).isEqualTo(new Initializer.Normal(0.02));
    }

    @Test
    void an_embedding_may_stand_inside_a_sequence() {
        var model =
                model("text", tokens("text", 8, 96))
                        .then(sequential(embedding("model", 4), relu()));
        assertThat(model.trace(2, Dtype.F32, false).output("prediction").type().toString())
                .isEqualTo("f32[batch=2, text=8, model=4]");
    }

    @Test
    void inputs_and_losses_print_short() {
        assertThat(image("pixels", 1, 28, 28).toString()).isEqualTo("image pixels 1x28x28");
        assertThat(features("x", 784).toString()).isEqualTo("features x=784");
        assertThat(tokens("text", 8, 96).toString()).isEqualTo("tokens text=8 of 96");
        assertThat(meanSquared().toString()).isEqualTo("mean-squared");
    }

    @Test
    void a_mean_squared_loss_reads_targets_of_the_predictions_shape() {
        String expected =
                """
                graph fit
                  %0 = input "x" : f64[batch=5, x=3]
                  %1 = parameter "y.weight" : f64[y=2, x=3]  ; y
                  %2 = einsum bk,ok->bo %0 %1 : f64[batch=5, y=2]  ; y
                  %3 = input "targets" : f64[batch=5, y=2]  ; loss
                  %4 = subtract %2 %3 : f64[batch=5, y=2]  ; loss
                  %5 = multiply %4 %4 : f64[batch=5, y=2]  ; loss
                  %6 = sum [0, 1] %5 : f64[]  ; loss
                  %7 = scale 0.1 %6 : f64[]  ; loss
                  return loss = %7
                  return prediction = %2
                """;
        var model =
                model("fit", features("x", 3))
                        .then(linear("y", 2).withoutBias())
                        .loss(meanSquared());
        assertThat(ModelTest.printed(model.trace(5, Dtype.F64, true))).isEqualTo(expected);
    }

    @Test
    void stride_and_padding_change_the_size_of_the_image() {
        String expected =
                """
                graph strided
                  %0 = input "pixels" : f32[batch=2, height=9, width=7, channel=3]
                  %1 = parameter "c1.weight" : f32[c1=4, kernel-height=5, kernel-width=5, channel=3]  ; c1
                  %2 = conv2d 5x5 stride 2 padding 2 %0 %1 : f32[batch=2, height=5, width=4, c1=4]  ; c1
                  %3 = parameter "c1.bias" : f32[c1=4]  ; c1
                  %4 = add-bias %2 %3 : f32[batch=2, height=5, width=4, c1=4]  ; c1
                  %5, %6 = max-pool 3x3 %4 : f32[batch=2, height=3, width=2, c1=4], \
                u8[batch=2, height=3, width=2, c1=4]  ; max-pool1
                  return prediction = %5
                """;
        var model =
                model("strided", image("pixels", 3, 9, 7))
                        .then(conv2d("c1", 4, 5, 2, 2))
                        .then(maxPool(3, 1));
        assertThat(traced(model)).isEqualTo(expected);
    }

    @Test
    void a_convolution_may_go_without_bias() {
        var model = model("m", image("pixels", 3, 9, 9)).then(conv2d("c1", 4, 3).withoutBias());
        assertThat(initializers(model).keySet()).containsExactly("c1.weight");
    }

    @Test
    void weights_start_as_pytorchs_do() {
        assertThat(
                        initializers(
                                model("m", features("x", 784))
                                        .then(linear("hidden", 3))
                                        .then(layerNorm("norm"))))
                .containsExactly(
                        "hidden.weight", new Initializer.Uniform(1.0 / 28),
                        "hidden.bias", new Initializer.Uniform(1.0 / 28),
                        "norm.weight", new Initializer.Fill(1),
                        "norm.bias", new Initializer.Fill(0));
        assertThat(initializers(model("m", image("pixels", 4, 28, 28)).then(conv2d("c1", 32, 3))))
                .containsExactly(
                        "c1.weight",
                        new Initializer.Uniform(1.0 / 6),
                        "c1.bias",
                        new Initializer.Uniform(1.0 / 6));
        assertThat(initializers(model("m", tokens("text", 8, 96)).then(embedding("model", 4, 128))))
                .containsExactly("model.weight", new Initializer.Normal(1));
    }

    @Test
    void flatten_leaves_rows_as_they_are() {
        String expected =
                """
                graph rows
                  %0 = input "x" : f32[batch=2, x=3]
                  return prediction = %0
                """;
        assertThat(traced(model("rows", features("x", 3)).then(flatten()))).isEqualTo(expected);
    }

    @Test
    void each_dropout_layer_draws_its_own_numbers_from_the_one_step() {
        var graph =
                model("m", features("x", 3))
                        .then(dropout(0.5))
                        .then(residual(dropout(0.25)))
                        .then(dropout(0.5))
                        .loss(meanSquared())
                        .trace(2, Dtype.F32, true);
        assertThat(graph.nodesOf(Op.Dropout.class).map(n -> n.layer() + ": " + n.op()).toList())
                .containsExactly(
                        "dropout1: dropout 0.5 stream 0",
                        "dropout2: dropout 0.25 stream 1",
                        "dropout3: dropout 0.5 stream 2")
                .inOrder();
        assertThat(graph.nodesOf(Op.Input.class).map(n -> n.op().toString()).toList())
                .containsExactly("input \"x\"", "input \"step\"", "input \"targets\"")
                .inOrder();
    }

    /// Twice its input, written by a user.
    private record Doubled() implements Layer.Own {
        @Override
        public String kind() {
            return "doubled";
        }

        @Override
        public Value apply(Tracer trace, Value x) {
            return trace.add(new Elementwise.Scale(2), x);
        }
    }

    @Test
    void a_layer_of_the_users_own_is_used_like_any_other() {
        String expected =
                """
                graph own
                  %0 = input "x" : f32[batch=2, x=3]
                  %1 = relu %0 : f32[batch=2, x=3]  ; relu1
                  %2 = scale 2.0 %1 : f32[batch=2, x=3]  ; doubled1
                  return prediction = %2
                """;
        assertThat(traced(model("own", features("x", 3)).then(relu()).then(new Doubled())))
                .isEqualTo(expected);
    }
}
