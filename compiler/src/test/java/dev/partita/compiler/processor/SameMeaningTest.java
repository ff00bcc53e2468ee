package dev.partita.compiler.processor;

import static com.google.common.truth.Truth.assertThat;
import static com.google.common.truth.Truth.assertWithMessage;
import static dev.partita.compiler.CompileOptions.on;
import static dev.partita.dsl.layer.Layers.*;

import com.google.testing.compile.Compilation;
import dev.partita.compiler.CompileOptions;
import dev.partita.compiler.OptionsSpelling;
import dev.partita.compiler.Precision;
import dev.partita.compiler.Recompute;
import dev.partita.compiler.pipeline.PipelineSchedule;
import dev.partita.dsl.layer.AnnotationOf;
import dev.partita.dsl.layer.Layer;
import dev.partita.dsl.layer.Model;
import dev.partita.dsl.layer.ModelInput;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.tensor.Dtype;
import java.lang.annotation.Annotation;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.tools.JavaFileObject;
import org.junit.jupiter.api.Test;

/// Every annotation beside the word that it stands for: the same graph, the same options.
class SameMeaningTest {
    private static final ModelInput ROWS = features("x", 6);
    private static final ModelInput IMAGE = image("x", 3, 12, 12);
    private static final ModelInput TEXT = tokens("x", 8, 96);

    private record LayerCase(ModelInput input, String annotations, Layer layer) {
        String input(ModelInput at) {
            return switch (at) {
                case ModelInput.Features f -> "@Features(%d)".formatted(f.size());
                case ModelInput.Image i ->
                        "@Image(channels = %d, height = %d, width = %d)"
                                .formatted(i.channels(), i.height(), i.width());
                case ModelInput.Tokens t ->
                        "@Tokens(length = %d, vocabulary = %d)"
                                .formatted(t.length(), t.vocabulary());
            };
        }

        String record(String name) {
            String embedded = input.equals(TEXT) ? "@Embedding(8) Layer model, " : "";
            return "@ShardedModel @Batch(2) @MeanSquared public record %s(%s ModelInput x, %s%s Layer y) {}"
                    .formatted(name, input(input), embedded, annotations);
        }

        Model fluent(String name) {
            Model begun = model(name.toLowerCase(Locale.ROOT), input);
            return (input.equals(TEXT) ? begun.then(embedding("model", 8)) : begun)
                    .then(layer)
                    .loss(meanSquared());
        }
    }

    private static final List<LayerCase> LAYERS =
            List.of(
                    new LayerCase(ROWS, "@Linear(4)", linear("y", 4)),
                    new LayerCase(
                            ROWS, "@Linear(value = 4, dim = \"d\")", linear("y", dim("d", 4))),
                    new LayerCase(
                            ROWS, "@Linear(value = 4, bias = false)", linear("y", 4).withoutBias()),
                    new LayerCase(ROWS, "@Linear(value = 4, name = \"z\")", linear("z", 4)),
                    new LayerCase(
                            IMAGE, "@Conv2d(channels = 4, kernel = 3)", conv2d("y", 4, 3, 1, 0)),
                    new LayerCase(
                            IMAGE,
                            "@Conv2d(channels = 4, kernel = 3, stride = 2, padding = 1, bias = false)",
                            conv2d("y", 4, 3, 2, 1).withoutBias()),
                    new LayerCase(IMAGE, "@MaxPool(2)", maxPool(2)),
                    new LayerCase(IMAGE, "@MaxPool(value = 3, stride = 1)", maxPool(3, 1)),
                    new LayerCase(IMAGE, "@AveragePool", averagePool()),
                    new LayerCase(IMAGE, "@Flatten", flatten()),
                    new LayerCase(IMAGE, "@BatchNorm", batchNorm("y")),
                    new LayerCase(IMAGE, "@BatchNorm(local = 2)", batchNorm("y").local(2)),
                    new LayerCase(TEXT, "@Positions", positions("y")),
                    new LayerCase(TEXT, "@Segments(2)", segments("y", 2)),
                    new LayerCase(TEXT, "@Attention(heads = 4)", attention("y", 4)),
                    new LayerCase(
                            TEXT,
                            "@Attention(heads = 4, groups = 2, causal = true, rotary = true, bias = false, normal = {0.02, 0.01})",
                            attention("y", 4)
                                    .groups(2)
                                    .causal()
                                    .rotary()
                                    .normal(0.02, 0.01)
                                    .withoutBias()),
                    new LayerCase(TEXT, "@FeedForward(16)", feedForward("y", 16)),
                    new LayerCase(
                            TEXT,
                            "@FeedForward(value = 16, bias = false, normal = {0.02, 0.01})",
                            feedForward("y", 16).normal(0.02, 0.01).withoutBias()),
                    new LayerCase(TEXT, "@SwiGlu(16)", swiGlu("y", 16)),
                    new LayerCase(
                            TEXT,
                            "@SwiGlu(value = 16, normal = {0.02, 0.01})",
                            swiGlu("y", 16).normal(0.02, 0.01)),
                    new LayerCase(
                            TEXT,
                            "@Experts(count = 4, hidden = 8, topK = 1, capacity = 1.5)",
                            experts("y", 4, 8).topK(1).capacity(1.5)),
                    new LayerCase(
                            TEXT,
                            "@Experts(count = 2, hidden = 8, auxiliary = 0, dropless = true, swiGlu = true)",
                            experts("y", 2, 8).auxiliary(0).dropless().swiGlu()),
                    new LayerCase(TEXT, "@TiedTo(\"model\")", tiedTo("model")),
                    new LayerCase(TEXT, "@RmsNorm", rmsNorm("y")),
                    new LayerCase(TEXT, "@LayerNorm", layerNorm("y")),
                    new LayerCase(ROWS, "@Relu", relu()),
                    new LayerCase(ROWS, "@Gelu", gelu()),
                    new LayerCase(ROWS, "@Silu", silu()),
                    new LayerCase(ROWS, "@Tanh", tanh()),
                    new LayerCase(ROWS, "@Softmax", softmax()),
                    new LayerCase(ROWS, "@Dropout(0.1)", dropout(0.1)),
                    new LayerCase(
                            ROWS, "@Residual @Tanh @Linear(6)", residual(tanh(), linear("y", 6))));

    @Test
    void every_layer_annotation_is_its_word() throws ReflectiveOperationException {
        List<JavaFileObject> files = new ArrayList<>();
        for (int i = 0; i < LAYERS.size(); i++) {
            String name = "Net" + i;
            files.add(Nets.file(name, Nets.source(LAYERS.get(i).record(name))));
        }
        Compilation compilation = Nets.javac().compile(files);
        for (int i = 0; i < LAYERS.size(); i++) {
            String name = "Net" + i;
            var made = (Model) Nets.call(compilation, "nets." + name + "Model", "model");
            assertWithMessage(LAYERS.get(i).annotations())
                    .that(printed(made))
                    .isEqualTo(printed(LAYERS.get(i).fluent(name)));
        }
    }

    @Test
    void every_annotation_of_a_layer_is_compared_with_its_word() {
        Set<Class<? extends Annotation>> compared = new HashSet<>();
        LAYERS.forEach(each -> compared.add(AnnotationOf.layer(each.layer())));
        compared.remove(dev.partita.dsl.annotation.Residual.class);
        compared.add(AnnotationOf.layer(embedding("model", 8)));
        assertThat(compared).containsExactlyElementsIn(LayerWords.LAYERS);
    }

    private static String printed(Model model) {
        return model.trace(2, Dtype.F32, true).print().replaceAll("\\w+\\.java:\\d+", "");
    }

    private record OptionsCase(String annotations, UnaryOperator<CompileOptions> words) {}

    private static final String SCHEDULE = "0F0 0F1 0B0 0B1\n1F0 1B0 1F1 1B1";

    private static final List<OptionsCase> OPTIONS =
            List.of(
                    new OptionsCase("", o -> o),
                    new OptionsCase(
                            "@Shard(dim = \"batch\", over = \"data\")",
                            o -> o.shard("batch").over("data")),
                    new OptionsCase(
                            "@Shard(dim = \"hidden\", over = {\"data\", \"tensor\"}, at = \"hidden\")",
                            o -> o.shard("hidden").at("hidden").over("data", "tensor")),
                    new OptionsCase(
                            "@Shard(dim = \"batch\", over = \"data\", balanced = true)",
                            o -> o.shard("batch").balanced().over("data")),
                    new OptionsCase(
                            "@Shard(dim = \"batch\", over = \"data\") @Replicate(dim = \"batch\", at = \"classes\")",
                            o -> o.shard("batch").over("data").replicate("batch").at("classes")),
                    new OptionsCase(
                            "@Shard(dim = \"batch\", over = \"data\") @Zero(stage = 2, over = \"data\")",
                            o -> o.shard("batch").over("data").zero(2).over("data")),
                    new OptionsCase(
                            "@DataParallel(over = \"data\")", o -> o.dataParallel().over("data")),
                    new OptionsCase(
                            "@Stages(count = 2, over = \"data\", schedule = \"gpipe\")",
                            o -> o.stages(2).schedule("gpipe").over("data")),
                    new OptionsCase(
                            "@Stages(begins = \"classes\", over = \"data\")",
                            o -> o.stages("classes").over("data")),
                    new OptionsCase(
                            "@Stages(count = 2, over = \"data\", order = \"0F0 0F1 0B0 0B1\\n1F0 1B0 1F1 1B1\")",
                            o ->
                                    o.stages(2)
                                            .schedule(PipelineSchedule.parse(SCHEDULE))
                                            .over("data")),
                    new OptionsCase(
                            "@Recompute(Recompute.How.FULL)", o -> o.recompute(Recompute.full())),
                    new OptionsCase(
                            "@Recompute(value = Recompute.How.SELECTIVE, of = \"relu\")",
                            o -> o.recompute(Recompute.selective("relu"))),
                    new OptionsCase(
                            "@Recompute(value = Recompute.How.WITHIN, memory = \"1 MiB\")",
                            o -> o.recompute(Recompute.within(1 << 20))),
                    new OptionsCase("@Precision(Dtype.BF16)", o -> o.precision(Precision.BF16)),
                    new OptionsCase(
                            "@Precision(value = Dtype.BF16, roundGradients = true)",
                            o -> o.precision(Precision.BF16.roundingGradients())),
                    new OptionsCase("@Precision(Dtype.F16)", o -> o.precision(Precision.F16)),
                    new OptionsCase("@DeviceMemory(\"2 MB\")", o -> o.memory(2_000_000)),
                    new OptionsCase(
                            "@SpreadAttention(SpreadAttention.Way.RING)",
                            o -> o.attention(CompileOptions.ring())),
                    new OptionsCase("@ClipNorm(0.5)", o -> o.clipNorm(0.5)),
                    new OptionsCase(
                            "@Sgd(value = 0.1, momentum = 0.9, nesterov = true, weightDecay = 0.01, sparing = \"bias\")",
                            o ->
                                    o.optimizer(
                                            sgd(0.1).momentum(0.9)
                                                    .nesterov()
                                                    .weightDecay(0.01)
                                                    .sparing("bias"))),
                    new OptionsCase(
                            "@Adam(value = 1e-3, beta1 = 0.8, beta2 = 0.99, epsilon = 1e-6) @StepDecay(every = 10, factor = 0.5)",
                            o ->
                                    o.optimizer(
                                            adam(stepDecay(1e-3, 10, 0.5))
                                                    .betas(0.8, 0.99)
                                                    .epsilon(1e-6))),
                    new OptionsCase(
                            "@AdamW(value = 3e-4, weightDecay = 0.1, sparingVectors = true) @WarmUp(10) @Cosine(steps = 90, floor = 1e-5)",
                            o ->
                                    o.optimizer(
                                            adamW(warmUp(10).then(cosine(3e-4, 90, 1e-5)))
                                                    .weightDecay(0.1)
                                                    .sparingVectors())));

    private static String mlp(String name, String annotations) {
        return """
        @SuppressWarnings("PipelineBubble")
        @ShardedModel
        @MeshAxis(name = "data", size = 2)
        @MeshAxis(name = "tensor", size = 2)
        @Batch(value = 8, microBatches = 2)
        @CrossEntropy
        %s
        public record %s(
                @Features(6) ModelInput x,
                @Linear(8) @Relu Layer hidden,
                @Linear(4) Layer classes) {}
        """
                .formatted(annotations, name);
    }

    @Test
    void every_annotation_of_a_record_is_its_word() throws ReflectiveOperationException {
        List<JavaFileObject> files = new ArrayList<>();
        for (int i = 0; i < OPTIONS.size(); i++) {
            String name = "Mlp" + i;
            files.add(Nets.file(name, Nets.source(mlp(name, OPTIONS.get(i).annotations()))));
        }
        Compilation compilation = Nets.javac().compile(files);
        for (int i = 0; i < OPTIONS.size(); i++) {
            OptionsCase each = OPTIONS.get(i);
            CompileOptions fluent =
                    each.words()
                            .apply(on(Mesh.of("data", 2).by("tensor", 2)).batch(8).microBatches(2));
            String type = "nets.Mlp" + i + "Model";
            var made = (CompileOptions) Nets.call(compilation, type, "options");
            assertWithMessage(each.annotations())
                    .that(OptionsSpelling.of(made, "mesh"))
                    .isEqualTo(OptionsSpelling.of(fluent, "mesh"));
            var net = (Model) Nets.call(compilation, type, "model");
            assertWithMessage(each.annotations())
                    .that(ShardedModelProcessorTest.plan(net, made))
                    .isEqualTo(ShardedModelProcessorTest.plan(net, fluent));
        }
    }

    @Test
    void a_transformer_of_repeated_blocks_is_the_fluent_one() throws ReflectiveOperationException {
        Model fluent =
                model("gpt", tokens("sequence", 8, 96))
                        .then(embedding("model", 16).deviation(0.02))
                        .then(positions("positions"))
                        .then(
                                IntStream.rangeClosed(1, 3)
                                        .boxed()
                                        .flatMap(i ->
                                                Stream.<Layer>of(
                                                        residual(
                                                                layerNorm("norm" + i + "a"),
                                                                attention("mix" + i, 4).causal()),
                                                        residual(
                                                                layerNorm("norm" + i + "b"),
                                                                feedForward("mlp" + i, 32),
                                                                dropout(0.1))))
                                        .toList())
                        .then(layerNorm("norm"))
                        .then(tiedTo("model"))
                        .loss(crossEntropy());
        Compilation compilation =
                Nets.compile(
                        """
                        @ShardedModel("gpt")
                        @Batch(2)
                        @CrossEntropy
                        public record ConvNet(
                                @Tokens(length = 8, vocabulary = 96) ModelInput sequence,
                                @Embedding(value = 16, deviation = 0.02) Layer model,
                                @Positions Layer positions,
                                @Times(3) Block block,
                                @LayerNorm Layer norm,
                                @TiedTo("model") Layer head) {

                            record Block(
                                    @Residual @LayerNorm(name = "norm#a") @Attention(heads = 4, causal = true) Layer mix,
                                    @Residual @LayerNorm(name = "norm#b") @FeedForward(32) @Dropout(0.1) Layer mlp) {}
                        }
                        """);
        assertThat(printed(Nets.model(compilation))).isEqualTo(printed(fluent));
    }

    @Test
    void a_residual_with_a_shortcut_is_the_fluent_one() throws ReflectiveOperationException {
        Model fluent =
                model("res-net", image("pixels", 3, 8, 8))
                        .then(
                                residual(
                                                conv2d("c1", 8, 3, 2, 1).withoutBias(),
                                                batchNorm("n1"),
                                                relu(),
                                                conv2d("c2", 8, 3, 1, 1))
                                        .shortcut(conv2d("skip", 8, 1, 2, 0)))
                        .then(relu())
                        .then(averagePool())
                        .then(linear("classes", 4))
                        .loss(crossEntropy());
        Compilation compilation =
                Nets.compile(
                        """
                        @ShardedModel("res-net")
                        @Batch(2)
                        @CrossEntropy
                        public record ConvNet(
                                @Image(channels = 3, height = 8, width = 8) ModelInput pixels,
                                @Residual Block block,
                                @Relu @AveragePool @Linear(4) Layer classes) {

                            record Block(
                                    @Conv2d(channels = 8, kernel = 3, stride = 2, padding = 1, bias = false) Layer c1,
                                    @BatchNorm @Relu Layer n1,
                                    @Conv2d(channels = 8, kernel = 3, padding = 1) Layer c2,
                                    @Shortcut @Conv2d(channels = 8, kernel = 1, stride = 2) Layer skip) {}
                        }
                        """);
        assertThat(printed(Nets.model(compilation))).isEqualTo(printed(fluent));
    }
}
