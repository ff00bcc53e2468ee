package dev.partita.dsl.layer;

import static com.google.common.truth.Truth.assertThat;
import static dev.partita.dsl.layer.Layers.adam;
import static dev.partita.dsl.layer.Layers.adamW;
import static dev.partita.dsl.layer.Layers.attention;
import static dev.partita.dsl.layer.Layers.batchNorm;
import static dev.partita.dsl.layer.Layers.constant;
import static dev.partita.dsl.layer.Layers.conv2d;
import static dev.partita.dsl.layer.Layers.cosine;
import static dev.partita.dsl.layer.Layers.crossEntropy;
import static dev.partita.dsl.layer.Layers.dim;
import static dev.partita.dsl.layer.Layers.dropout;
import static dev.partita.dsl.layer.Layers.embedding;
import static dev.partita.dsl.layer.Layers.experts;
import static dev.partita.dsl.layer.Layers.features;
import static dev.partita.dsl.layer.Layers.feedForward;
import static dev.partita.dsl.layer.Layers.image;
import static dev.partita.dsl.layer.Layers.layerNorm;
import static dev.partita.dsl.layer.Layers.linear;
import static dev.partita.dsl.layer.Layers.maxPool;
import static dev.partita.dsl.layer.Layers.model;
import static dev.partita.dsl.layer.Layers.relu;
import static dev.partita.dsl.layer.Layers.residual;
import static dev.partita.dsl.layer.Layers.sgd;
import static dev.partita.dsl.layer.Layers.stepDecay;
import static dev.partita.dsl.layer.Layers.tiedTo;
import static dev.partita.dsl.layer.Layers.tokens;
import static dev.partita.dsl.layer.Layers.warmUp;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.partita.dsl.problem.Origin;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.problem.ProblemException;
import dev.partita.dsl.tensor.Dtype;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class LayerProblemsTest {
    private static final String BAD_NAME =
            "A name must start with a letter and hold no spaces or dots.";
    private static final String BAD_RATE =
            "The learning rate of a schedule must be 0 or a positive number.";
    private static final Model IMAGES = model("net", image("pixels", 1, 4, 4));
    private static final Model ROWS = model("net", features("x", 4));
    private static final Model TEXT = model("net", tokens("text", 8, 96));

    private static Problem problem(Executable word) {
        Problem problem = assertThrows(ProblemException.class, word).problem();
        assertThat(problem.origin().file()).isEqualTo("LayerProblemsTest.java");
        assertThat(problem.fix()).isNotEmpty();
        return problem;
    }

    private static String printed(Executable word) {
        return problem(word).at(Origin.UNKNOWN).print();
    }

    private static Arguments wrong(String expected, Executable word) {
        return Arguments.of(expected, word);
    }

    static Stream<Arguments> arguments() {
        return Stream.of(
                wrong("The size of hidden must be at least 1.", () -> linear("hidden", -3)),
                wrong("The channels of c1 must be at least 1.", () -> conv2d("c1", 0, 3)),
                wrong("The kernel of c1 must be at least 1.", () -> conv2d("c1", 8, 0)),
                wrong("The stride of c1 must be at least 1.", () -> conv2d("c1", 8, 3, 0, 1)),
                wrong("The padding of c1 must be at least 0.", () -> conv2d("c1", 8, 3, 1, -1)),
                wrong("The heads of mix must be at least 1.", () -> attention("mix", 0)),
                wrong(
                        "The heads of queries do not divide over the heads of keys.",
                        () -> attention("mix", 6).groups(4)),
                wrong(
                        "The width of the input does not divide over the heads.",
                        () -> TEXT.then(embedding("model", 10)).then(attention("mix", 4))),
                wrong(
                        "A layer of kind attention takes sequences.",
                        () -> ROWS.then(attention("mix", 2))),
                wrong(
                        "No earlier layer of this name has a weight.",
                        () -> TEXT.then(embedding("model", 8)).then(tiedTo("modle"))),
                wrong("The hidden size of mlp must be at least 1.", () -> feedForward("mlp", 0)),
                wrong(
                        "The number of experts of moe must be at least 1.",
                        () -> experts("moe", 0, 8)),
                wrong("The hidden size of moe must be at least 1.", () -> experts("moe", 4, 0)),
                wrong(
                        "A position chooses between one and all of the experts.",
                        () -> experts("moe", 4, 8).topK(5)),
                wrong(
                        "The capacity of experts must be a positive number.",
                        () -> experts("moe", 4, 8).capacity(0)),
                wrong(
                        "The weight of the auxiliary loss of moe must be 0 or a positive number.",
                        () -> experts("moe", 4, 8).auxiliary(-1)),
                wrong(
                        "A layer of kind experts takes sequences.",
                        () -> ROWS.then(experts("moe", 4, 8).dropless())),
                wrong("The size of maxPool must be at least 1.", () -> maxPool(0)),
                wrong("The stride of maxPool must be at least 1.", () -> maxPool(2, 0)),
                wrong("The rate of dropout must be at least 0 and below 1.", () -> dropout(1)),
                wrong("The rate of dropout must be at least 0 and below 1.", () -> dropout(-0.1)),
                wrong(
                        "The rate of dropout must be at least 0 and below 1.",
                        () -> dropout(Double.NaN)),
                wrong("The size of model must be at least 1.", () -> embedding("model", 0)),
                wrong(
                        "The vocabulary of model must be at least 1.",
                        () -> embedding("model", 4, 0)),
                wrong("The height of pixels must be at least 1.", () -> image("pixels", 1, 0, 28)),
                wrong("The size of x must be at least 1.", () -> features("x", 0)),
                wrong("The vocabulary of text must be at least 1.", () -> tokens("text", 8, 0)),
                wrong(BAD_NAME, () -> layerNorm("my norm")),
                wrong(BAD_NAME, () -> linear("", 4)),
                wrong(BAD_NAME, () -> linear("a.b", 4)),
                wrong(BAD_NAME, () -> model("", features("x", 4))),
                wrong(BAD_NAME, () -> conv2d("my conv", 8, 3)),
                wrong(BAD_NAME, () -> embedding("my table", 8)),
                wrong(BAD_NAME, () -> linear("my layer", dim("out", 8))),
                wrong(BAD_NAME, () -> image("my pixels", 1, 28, 28)),
                wrong(BAD_NAME, () -> tokens("my text", 8, 96)),
                wrong(
                        "The channels of pixels must be at least 1.",
                        () -> image("pixels", 0, 28, 28)),
                wrong("The width of pixels must be at least 1.", () -> image("pixels", 1, 28, 0)),
                wrong("The length of text must be at least 1.", () -> tokens("text", 0, 96)),
                wrong(
                        "The first beta of adam must be at least 0 and below 1.",
                        () -> adam(0.1).betas(1, 0)),
                wrong(
                        "The weight decay of adam must be 0 or a positive number.",
                        () -> adam(0.1).weightDecay(-1)),
                wrong(BAD_RATE, () -> stepDecay(-1, 1, 0.5)),
                wrong(BAD_RATE, () -> cosine(Double.POSITIVE_INFINITY, 1, 0)),
                wrong(
                        "The factor of stepDecay must be 0 or a positive number.",
                        () -> stepDecay(1, 1, -0.5)),
                wrong(
                        "The floor of cosine must be 0 or a positive number.",
                        () -> cosine(0.1, 1, -1)),
                wrong("Every model has a value of this name already.", () -> linear("batch", 4)),
                wrong(
                        "Every model has a value of this name already.",
                        () -> linear("out", dim("batch", 4))),
                wrong("Every model has a value of this name already.", () -> features("labels", 4)),
                wrong(BAD_RATE, () -> adam(-1e-3)),
                wrong(BAD_RATE, () -> sgd(Double.NaN)),
                wrong(
                        "The momentum of sgd must be at least 0 and below 1.",
                        () -> sgd(0.1).momentum(1)),
                wrong(
                        "The weight decay of sgd must be 0 or a positive number.",
                        () -> sgd(0.1).weightDecay(-1)),
                wrong("Nesterov's method needs momentum.", () -> sgd(0.1).nesterov()),
                wrong(
                        "The second beta of adam must be at least 0 and below 1.",
                        () -> adamW(0.1).betas(0.9, 1)),
                wrong(
                        "The epsilon of adam must be 0 or a positive number.",
                        () -> adam(0.1).epsilon(-1)),
                wrong(
                        "The number of steps of stepDecay must be at least 1.",
                        () -> stepDecay(0.1, 0, 0.5)),
                wrong("The number of steps of cosine must be at least 1.", () -> cosine(0.1, 0, 0)),
                wrong("The number of steps of warmUp must be at least 1.", () -> warmUp(0)),
                wrong(
                        "The number of steps of a schedule must be at least 1.",
                        () -> constant(1).during(0)),
                wrong(
                        "The batch of model net must be at least 1.",
                        () -> ROWS.trace(0, Dtype.F32, false)),
                wrong(
                        "A model computes with floating numbers.",
                        () -> ROWS.trace(1, Dtype.I32, false)),
                wrong("Model net has no layers.", () -> ROWS.trace(1, Dtype.F32, false)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("arguments")
    void a_bad_argument_is_a_problem_on_its_line(String expected, Executable word) {
        assertThat(problem(word).sentence()).isEqualTo(expected);
    }

    @Test
    void a_size_out_of_range_prints_as_a_whole() {
        String expected =
                """
                [InvalidArgument] The size of hidden must be at least 1.
                  size: -3
                  try:  give hidden a size of at least 1\
                """;
        assertThat(printed(() -> linear("hidden", -3))).isEqualTo(expected);
    }

    @Test
    void a_kernel_larger_than_the_image_names_its_layer() {
        String expected =
                """
                [ShapeMismatch] The operands of conv2d 5x5 do not fit.
                  expected:  the window 5x5 is larger than the image
                  operand 0: f32[batch=1, height=4, width=4, channel=1]
                  operand 1: f32[c1=8, kernel-height=5, kernel-width=5, channel=1]
                  layer:     c1
                  try:       change the layer's size, or the layer before it\
                """;
        assertThat(printed(() -> IMAGES.then(conv2d("c1", 8, 5)))).isEqualTo(expected);
    }

    @Test
    void a_linear_layer_on_images_is_told_to_flatten() {
        String expected =
                """
                [ShapeMismatch] A linear layer takes rows, not images.
                  layer:      hidden
                  it follows: f32[batch=1, height=4, width=4, channel=1]
                  try:        put .then(flatten()) before it\
                """;
        assertThat(printed(() -> IMAGES.then(linear("hidden", 8)))).isEqualTo(expected);
    }

    @Test
    void an_image_layer_on_rows_is_told_to_start_with_an_image() {
        String expected =
                """
                [ShapeMismatch] A max-pool layer takes images.
                  layer:      max-pool1
                  expected:   [batch, height, width, channel]
                  it follows: f32[batch=1, x=4]
                  try:        start with image("pixels", 1, 28, 28), and put flatten() after the last \
                image layer\
                """;
        assertThat(printed(() -> ROWS.then(maxPool(2)))).isEqualTo(expected);
    }

    @Test
    void a_convolution_on_rows_is_told_the_same() {
        assertThat(problem(() -> ROWS.then(conv2d("c1", 8, 3))).sentence())
                .isEqualTo("A conv2d layer takes images.");
    }

    @Test
    void a_layer_on_token_ids_is_told_to_embed_them() {
        String expected =
                """
                [DtypeMismatch] A linear layer takes numbers, not token ids.
                  layer:      hidden
                  it follows: i32[batch=1, text=8]
                  try:        put .then(embedding("model", 64)) before it\
                """;
        assertThat(printed(() -> TEXT.then(linear("hidden", 8)))).isEqualTo(expected);
    }

    @Test
    void an_embedding_of_numbers_is_told_to_start_with_tokens() {
        String expected =
                """
                [DtypeMismatch] An embedding takes token ids.
                  layer:      model
                  it follows: f32[batch=1, x=4]
                  try:        start the model with tokens("text", 64, 96) and put the embedding first\
                """;
        assertThat(printed(() -> ROWS.then(embedding("model", 8)))).isEqualTo(expected);
    }

    @Test
    void an_embedding_smaller_than_the_vocabulary_is_a_problem() {
        String expected =
                """
                [ShapeMismatch] The input has more tokens than the embedding has vectors.
                  layer:      model
                  vocabulary: 96
                  vectors:    95
                  try:        make it 96 or more, or leave it out\
                """;
        assertThat(printed(() -> TEXT.then(embedding("model", 8, 95)))).isEqualTo(expected);
    }

    @Test
    void a_residual_that_changes_the_shape_is_a_problem() {
        String expected =
                """
                [ShapeMismatch] A residual's layers must keep the shape they are given.
                  layer:  residual1
                  given:  f32[batch=1, x=4]
                  result: f32[batch=1, hidden=8]
                  try:    let its last layer give back [batch=1, x=4], or let a .shortcut(…) change the shape alike\
                """;
        assertThat(printed(() -> ROWS.then(residual(linear("hidden", 8))))).isEqualTo(expected);
    }

    @Test
    void two_layers_of_one_name_are_a_problem() {
        String expected =
                """
                [DuplicateName] The model has two layers of the same name.
                  layer: hidden
                  try:   name one of them differently, for example "hidden-2\"\
                """;
        assertThat(
                        printed(() ->
                                ROWS.then(linear("hidden", 8))
                                        .then(relu())
                                        .then(linear("hidden", 8))))
                .isEqualTo(expected);
    }

    @Test
    void training_without_a_loss_is_a_problem_on_the_line_of_the_model() {
        String expected =
                """
                [IncompleteModel] Model net has no loss to train by.
                  try: end it with .loss(crossEntropy()) or .loss(meanSquared())\
                """;
        int line = StackWalker.getInstance().walk(f -> f.findFirst().orElseThrow().getLineNumber());
        Model model = model("net", features("x", 4)).then(linear("hidden", 8));
        Problem problem = problem(() -> model.trace(1, Dtype.F32, true));
        assertThat(problem.code()).isEqualTo(ProblemCode.INCOMPLETE_MODEL);
        assertThat(problem.origin().line()).isEqualTo(line + 1);
        assertThat(problem.at(Origin.UNKNOWN).print()).isEqualTo(expected);
    }

    @Test
    void a_layer_that_does_not_fit_is_reported_on_its_own_line() {
        int line = StackWalker.getInstance().walk(f -> f.findFirst().orElseThrow().getLineNumber());
        Model images = IMAGES.then(relu());
        Problem problem = problem(() -> images.then(linear("hidden", 8)));
        assertThat(problem.origin().line()).isEqualTo(line + 2);
    }

    @Test
    void batch_norm_of_the_whole_batch_in_micro_batches_names_statistics_of_each() {
        Model rows = ROWS.then(batchNorm("norm")).loss(crossEntropy());
        assertThat(printed(() -> rows.trace(8, 2, Dtype.F32, true)))
                .isEqualTo(
                        """
                        [Unsupported] Batch norm of the whole batch needs it at once.
                          layer:         norm
                          micro-batches: 2
                          because:       a micro-batch knows its own examples only
                          try:           batchNorm("norm").local(2), by the statistics of each micro-batch; or one micro-batch, and recompute(...) to save memory\
                        """);
    }

    @Test
    void groups_of_a_batch_that_do_not_divide_it_list_those_that_do() {
        Model rows = ROWS.then(batchNorm("norm").local(3)).loss(crossEntropy());
        assertThat(printed(() -> rows.trace(8, 2, Dtype.F32, true)))
                .isEqualTo(
                        """
                        [IndivisibleDim] The batch does not divide into so many groups with statistics of their own.
                          layer:         norm
                          groups:        3
                          batch:         8
                          micro-batches: 2
                          try:           local(n) with n one of [2, 4, 8]\
                        """);
    }
}
