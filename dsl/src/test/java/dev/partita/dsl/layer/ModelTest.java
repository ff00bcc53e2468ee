package dev.partita.dsl.layer;

import static com.google.common.truth.Truth.assertThat;
import static dev.partita.dsl.layer.Layers.conv2d;
import static dev.partita.dsl.layer.Layers.crossEntropy;
import static dev.partita.dsl.layer.Layers.dropout;
import static dev.partita.dsl.layer.Layers.features;
import static dev.partita.dsl.layer.Layers.flatten;
import static dev.partita.dsl.layer.Layers.image;
import static dev.partita.dsl.layer.Layers.linear;
import static dev.partita.dsl.layer.Layers.maxPool;
import static dev.partita.dsl.layer.Layers.model;
import static dev.partita.dsl.layer.Layers.relu;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.partita.dsl.graph.Graph;
import dev.partita.dsl.graph.Node;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.tensor.Dtype;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import org.junit.jupiter.api.Test;

class ModelTest {
    private static final Model CONVNET =
            model("convnet", image("pixels", 1, 28, 28))
                    .then(conv2d("c1", 32, 3))
                    .then(relu())
                    .then(maxPool(2))
                    .then(conv2d("c2", 64, 3))
                    .then(relu())
                    .then(maxPool(2))
                    .then(flatten())
                    .then(linear("hidden", 256))
                    .then(relu())
                    .then(linear("classes", 10))
                    .loss(crossEntropy());

    private static Model mlp() {
        return model("mlp", features("x", 784))
                .then(linear("hidden", 512))
                .then(relu())
                .then(dropout(0.1))
                .then(linear("classes", 10))
                .loss(crossEntropy());
    }

    /// A printed graph without the lines of this file, which move whenever it is edited.
    static String printed(Graph graph) {
        return graph.print()
                .replaceAll(" \\w+Test.java:\\d+", "")
                .replaceAll("(?m) +; *$", "")
                .replaceAll(" +;", "  ;");
    }

    @Test
    void a_model_is_traced_for_training_with_its_labels_loss_and_dropout() {
        String expected =
                """
                graph mlp
                  %0 = input "x" : f32[batch=32, x=784]
                  %1 = parameter "hidden.weight" : f32[hidden=512, x=784]  ; hidden
                  %2 = einsum bk,ok->bo %0 %1 : f32[batch=32, hidden=512]  ; hidden
                  %3 = parameter "hidden.bias" : f32[hidden=512]  ; hidden
                  %4 = add-bias %2 %3 : f32[batch=32, hidden=512]  ; hidden
                  %5 = relu %4 : f32[batch=32, hidden=512]  ; relu1
                  %6 = input "step" : i64[]  ; dropout1
                  %7 = dropout 0.1 stream 0 %5 %6 : f32[batch=32, hidden=512]  ; dropout1
                  %8 = parameter "classes.weight" : f32[classes=10, hidden=512]  ; classes
                  %9 = einsum bk,ok->bo %7 %8 : f32[batch=32, classes=10]  ; classes
                  %10 = parameter "classes.bias" : f32[classes=10]  ; classes
                  %11 = add-bias %9 %10 : f32[batch=32, classes=10]  ; classes
                  %12 = input "labels" : i32[batch=32]  ; loss
                  %13, %14 = cross-entropy %11 %12 : f32[batch=32], f32[batch=32]  ; loss
                  %15 = sum [0] %13 : f32[]  ; loss
                  %16 = scale 0.03125 %15 : f32[]  ; loss
                  return loss = %16
                  return prediction = %11
                """;
        assertThat(printed(mlp().trace(32, Dtype.F32, true))).isEqualTo(expected);
    }

    @Test
    void a_model_is_traced_for_prediction_without_labels_and_dropout() {
        String expected =
                """
                graph mlp
                  %0 = input "x" : bf16[batch=1, x=784]
                  %1 = parameter "hidden.weight" : bf16[hidden=512, x=784]  ; hidden
                  %2 = einsum bk,ok->bo %0 %1 : bf16[batch=1, hidden=512]  ; hidden
                  %3 = parameter "hidden.bias" : bf16[hidden=512]  ; hidden
                  %4 = add-bias %2 %3 : bf16[batch=1, hidden=512]  ; hidden
                  %5 = relu %4 : bf16[batch=1, hidden=512]  ; relu1
                  %6 = parameter "classes.weight" : bf16[classes=10, hidden=512]  ; classes
                  %7 = einsum bk,ok->bo %5 %6 : bf16[batch=1, classes=10]  ; classes
                  %8 = parameter "classes.bias" : bf16[classes=10]  ; classes
                  %9 = add-bias %7 %8 : bf16[batch=1, classes=10]  ; classes
                  return prediction = %9
                """;
        assertThat(printed(mlp().trace(1, Dtype.BF16, false))).isEqualTo(expected);
    }

    @Test
    void a_convnet_is_traced_channels_last() {
        String expected =
                """
                graph convnet
                  %0 = input "pixels" : f32[batch=8, height=28, width=28, channel=1]
                  %1 = parameter "c1.weight" : f32[c1=32, kernel-height=3, kernel-width=3, channel=1]  ; c1
                  %2 = conv2d 3x3 %0 %1 : f32[batch=8, height=26, width=26, c1=32]  ; c1
                  %3 = parameter "c1.bias" : f32[c1=32]  ; c1
                  %4 = add-bias %2 %3 : f32[batch=8, height=26, width=26, c1=32]  ; c1
                  %5 = relu %4 : f32[batch=8, height=26, width=26, c1=32]  ; relu1
                  %6, %7 = max-pool 2x2 stride 2 %5 : f32[batch=8, height=13, width=13, c1=32], \
                u8[batch=8, height=13, width=13, c1=32]  ; max-pool1
                  %8 = parameter "c2.weight" : f32[c2=64, kernel-height=3, kernel-width=3, c1=32]  ; c2
                  %9 = conv2d 3x3 %6 %8 : f32[batch=8, height=11, width=11, c2=64]  ; c2
                  %10 = parameter "c2.bias" : f32[c2=64]  ; c2
                  %11 = add-bias %9 %10 : f32[batch=8, height=11, width=11, c2=64]  ; c2
                  %12 = relu %11 : f32[batch=8, height=11, width=11, c2=64]  ; relu2
                  %13, %14 = max-pool 2x2 stride 2 %12 : f32[batch=8, height=5, width=5, c2=64], \
                u8[batch=8, height=5, width=5, c2=64]  ; max-pool2
                  %15 = flatten 1..3 %13 : f32[batch=8, flat=1600]  ; flatten1
                  %16 = parameter "hidden.weight" : f32[hidden=256, flat=1600]  ; hidden
                  %17 = einsum bk,ok->bo %15 %16 : f32[batch=8, hidden=256]  ; hidden
                  %18 = parameter "hidden.bias" : f32[hidden=256]  ; hidden
                  %19 = add-bias %17 %18 : f32[batch=8, hidden=256]  ; hidden
                  %20 = relu %19 : f32[batch=8, hidden=256]  ; relu3
                  %21 = parameter "classes.weight" : f32[classes=10, hidden=256]  ; classes
                  %22 = einsum bk,ok->bo %20 %21 : f32[batch=8, classes=10]  ; classes
                  %23 = parameter "classes.bias" : f32[classes=10]  ; classes
                  %24 = add-bias %22 %23 : f32[batch=8, classes=10]  ; classes
                  return prediction = %24
                """;
        assertThat(printed(CONVNET.trace(8, Dtype.F32, false))).isEqualTo(expected);
    }

    @Test
    void every_node_knows_the_line_of_its_layer() {
        int line = StackWalker.getInstance().walk(f -> f.findFirst().orElseThrow().getLineNumber());
        Model model =
                model("mlp", features("x", 4))
                        .then(linear("hidden", 3))
                        .then(relu())
                        .loss(crossEntropy());
        Graph graph = model.trace(2, Dtype.F32, true);
        for (Node node : graph.nodes()) {
            int below =
                    switch (node.layer()) {
                        case "" -> 2;
                        case "hidden" -> 3;
                        case "relu1" -> 4;
                        default -> 5;
                    };
            assertThat(node.origin().toString()).isEqualTo("ModelTest.java:" + (line + below));
        }
    }

    @Test
    void a_word_leaves_the_model_it_was_said_to_as_it_was() {
        Model one = model("mlp", features("x", 4)).then(linear("hidden", 3));
        Model two = one.then(relu()).loss(crossEntropy());
        assertThat(one.layers()).hasSize(1);
        assertThat(one.loss()).isEmpty();
        assertThat(two.layers()).hasSize(2);
        assertThrows(UnsupportedOperationException.class, () -> one.layers().clear());
    }

    @Test
    void a_model_is_the_same_graph_whenever_it_is_traced() {
        assertThat(CONVNET.trace(4, Dtype.F64, true)).isEqualTo(CONVNET.trace(4, Dtype.F64, true));
    }

    @Test
    void weights_are_counted() {
        assertThat(mlp().parameters()).isEqualTo(784 * 512 + 512 + 512 * 10 + 10);
        assertThat(CONVNET.trace(1, Dtype.F32, true).nodesOf(Op.Parameter.class).count())
                .isEqualTo(8);
    }

    @Test
    void a_model_prints_in_one_line_of_80_characters() {
        assertThat(CONVNET.toString())
                .isEqualTo("model convnet: image pixels 1x28x28, 10 layers, 431,242 parameters");
        Model long_ = model("a".repeat(100), features("x", 4)).then(linear("hidden", 3));
        assertThat(long_.toString()).hasLength(80);
    }

    @Test
    void a_model_prints_as_a_table_of_its_layers() {
        String expected =
                """
                model mlp, one example at a time
                  x         f32[batch=1, x=784]
                  hidden    f32[batch=1, hidden=512]      401,920
                  relu1     f32[batch=1, hidden=512]
                  dropout1  f32[batch=1, hidden=512]
                  classes   f32[batch=1, classes=10]        5,130
                  loss cross-entropy
                  407,050 parameters
                """;
        String printed = mlp().describe();
        assertThat(printed)
                .contains("hidden    f32[batch=1, hidden=512]      401,920  ModelTest.java:");
        assertThat(printed.replaceAll(" *ModelTest.java:\\d+", "")).isEqualTo(expected);
    }

    @Test
    void print_writes_the_table_to_standard_output() {
        PrintStream before = System.out;
        var written = new ByteArrayOutputStream();
        try {
            System.setOut(new PrintStream(written, true, UTF_8));
            CONVNET.print();
        } finally {
            System.setOut(before);
        }
        assertThat(written.toString(UTF_8)).isEqualTo(CONVNET.describe());
    }
}
