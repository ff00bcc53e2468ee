package dev.partita.dsl.layer;

import dev.partita.dsl.graph.Elementwise;
import dev.partita.dsl.tensor.Dim;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/// Every word a network is described with, to be imported statically.
///
/// ```java
/// var net = model("convnet", image("pixels", 1, 28, 28))
///         .then(conv2d("c1", 32, 3)).then(relu()).then(maxPool(2))
///         .then(conv2d("c2", 64, 3)).then(relu()).then(maxPool(2))
///         .then(flatten()).then(linear("hidden", 256)).then(relu()).then(linear("classes", 10))
///         .loss(crossEntropy());
/// ```
public final class Layers {
    private Layers() {}

    // ---- the model and what it is fed ----

    public static Model model(String name, ModelInput input) {
        return new Model(name, Line.here(input), List.of(), Optional.empty());
    }

    /// Pictures; in memory and in shapes they are channels-last, `[batch, height, width, channel]`.
    public static ModelInput image(String name, long channels, long height, long width) {
        return new ModelInput.Image(name, channels, height, width);
    }

    /// Plain numbers: `[batch, <name>=size]`.
    public static ModelInput features(String name, long size) {
        return new ModelInput.Features(name, size);
    }

    /// Token ids from 0 to `vocabulary - 1`: `i32[batch, <name>=length]`.
    public static ModelInput tokens(String name, long length, long vocabulary) {
        return new ModelInput.Tokens(name, length, vocabulary);
    }

    /// A dim's name and size, where a layer's own name is not to be its dim's.
    public static Dim dim(String name, long size) {
        return new Dim(name, size);
    }

    // ---- layers with weights ----

    /// A fully connected layer, `x W^T + b`; its result's innermost dim is `<name>=size`. It trains
    /// `<name>.weight[size, in]` and `<name>.bias[size]`, which start as PyTorch's.
    public static Layer.Biased linear(String name, long size) {
        Arguments.name("layer", name);
        Arguments.atLeast(1, name, "size", size);
        return linear(name, new Dim(name, size));
    }

    /// A fully connected layer; its result's innermost dim is `out`.
    public static Layer.Biased linear(String name, Dim out) {
        return new Linear(name, out, true);
    }

    /// A convolution with a square kernel, stride 1 and no padding; its result's channels are the
    /// dim `<name>=channels`. It trains `<name>.weight[channels, kernel, kernel, in]` and
    /// `<name>.bias[channels]`, which start as PyTorch's.
    public static Layer.Biased conv2d(String name, long channels, int kernel) {
        return conv2d(name, channels, kernel, 1, 0);
    }

    public static Layer.Biased conv2d(
            String name, long channels, int kernel, int stride, int padding) {
        return new Convolution(name, channels, kernel, stride, padding, true);
    }

    /// A trained vector of `size` numbers per token of the input; the dim is `<name>=size`, the
    /// table `<name>.weight[vocab, size]`.
    public static Embedding embedding(String name, long size) {
        return new Embedding(name, size, OptionalLong.empty(), 1);
    }

    /// An embedding with this many vectors, at least the input's number of tokens.
    public static Embedding embedding(String name, long size, long vocabulary) {
        return new Embedding(name, size, OptionalLong.of(vocabulary), 1);
    }

    /// The last layer of a language model, through the table of this embedding: its result's
    /// innermost dim is `vocab`.
    public static Layer tiedTo(String embedding) {
        return new Tied(embedding);
    }

    /// A trained vector per position, added: `<name>.weight[position, in]`.
    public static Layer positions(String name) {
        return new Positions(name);
    }

    /// A trained vector per segment, added to the positions of that segment, as BERT tells the two
    /// parts of an example apart: `<name>.weight[segment=count, in]`. A text is cut into two.
    public static Layer segments(String name, long count) {
        return new Segments(name, count);
    }

    /// Self-attention in which every position sees every other; see [Attention#causal],
    /// [Attention#groups] and [Attention#rotary]. The dim to shard is `heads`.
    public static Attention attention(String name, long heads) {
        return new Attention(name, heads, heads, false, false, true, Optional.empty());
    }

    /// Linear, gelu, linear, from the width of the input to the dim `ffn=hidden` and back.
    public static FeedForward feedForward(String name, long hidden) {
        return new FeedForward(name, hidden, new Elementwise.Gelu(), false, true, Optional.empty());
    }

    /// `down(silu(gate(x)) * up(x))` with the dim `ffn=hidden` inside, and without biases, as Llama
    /// has it (Touvron et al. 2023).
    public static FeedForward swiGlu(String name, long hidden) {
        return new FeedForward(name, hidden, new Elementwise.Silu(), true, false, Optional.empty());
    }

    /// A mixture of `count` feed-forward experts of the width `ffn=hidden`, of which every position
    /// meets the two that its router likes most; see [Experts#topK], [Experts#auxiliary] and
    /// [Experts#swiGlu]. How much an expert takes in must be said: [Experts#capacity] or
    /// [Experts#dropless]. The dim to shard is `expert`.
    public static Experts experts(String name, long count, long hidden) {
        int choices = count == 1 ? 1 : 2;
        return new Experts(name, count, hidden, choices, new Capacity.Unstated(), 0.01, false);
    }

    /// Root-mean-square normalisation along the innermost dim, with `<name>.weight`.
    public static Layer rmsNorm(String name) {
        return new RmsNorm(name);
    }

    /// Layer normalisation along the innermost dim, with `<name>.weight` and `<name>.bias`.
    public static Layer layerNorm(String name) {
        return new LayerNorm(name);
    }

    /// Batch normalisation per channel, with `<name>.weight` and `<name>.bias`: in training by the
    /// whole batch of all devices ([BatchNormalization#local] says otherwise), else by running
    /// averages. The layer before it needs no bias, which batch norm would take out again:
    /// `conv2d("c1", 32, 3).withoutBias()`.
    public static BatchNormalization batchNorm(String name) {
        return new BatchNormalization(name, 1);
    }

    // ---- layers without weights ----

    /// `max(x, 0)`.
    public static Layer relu() {
        return new Activation(new Elementwise.Relu());
    }

    /// `x * Phi(x)`, exactly.
    public static Layer gelu() {
        return new Activation(new Elementwise.Gelu());
    }

    /// `x * sigmoid(x)`.
    public static Layer silu() {
        return new Activation(new Elementwise.Silu());
    }

    /// The hyperbolic tangent.
    public static Layer tanh() {
        return new Activation(new Elementwise.Tanh());
    }

    /// Softmax along the innermost dim.
    public static Layer softmax() {
        return new Softmax();
    }

    /// The largest value of each `size` x `size` square.
    public static Layer maxPool(int size) {
        return new MaxPool(size, size);
    }

    public static Layer maxPool(int size, int stride) {
        return new MaxPool(size, stride);
    }

    /// The mean of each channel over the whole image; what remains are rows.
    public static Layer averagePool() {
        return new AveragePool();
    }

    /// All dims but the batch as one, `flat`.
    public static Layer flatten() {
        return new Flatten();
    }

    /// In training, zeroes this part of the elements, at random.
    public static Layer dropout(double rate) {
        return new Dropout(rate);
    }

    // ---- layers of layers ----

    public static Layer sequential(Layer... layers) {
        return new Sequential(List.of(layers));
    }

    /// `x` plus what the layers make of it. Where they change the shape, `.shortcut(…)` says what
    /// becomes of `x`: `residual(…).shortcut(conv2d("s", 128, 1, 2, 0))`.
    public static Layer.Skipping residual(Layer... layers) {
        return new Residual(new Sequential(List.of(layers)), new Sequential(List.of()));
    }

    // ---- losses ----

    /// Mean cross-entropy of the softmax of the prediction, against class numbers.
    public static Loss.CrossEntropy crossEntropy() {
        return new Loss.CrossEntropy(List.of(), OptionalInt.empty(), 0);
    }

    /// Mean squared error, against numbers of the prediction's shape.
    public static Loss.MeanSquared meanSquared() {
        return new Loss.MeanSquared(List.of());
    }

    // ---- optimizers and learning rates ----

    public static Optimizer.Sgd sgd(double learningRate) {
        return sgd(constant(learningRate));
    }

    public static Optimizer.Sgd sgd(LearningRate learningRate) {
        return new Optimizer.Sgd(learningRate, 0, false, 0, Spared.NOTHING);
    }

    public static Optimizer.Adam adam(double learningRate) {
        return adam(constant(learningRate));
    }

    public static Optimizer.Adam adam(LearningRate learningRate) {
        return new Optimizer.Adam(learningRate, 0.9, 0.999, 1e-8, 0, Spared.NOTHING, false);
    }

    public static Optimizer.Adam adamW(double learningRate) {
        return adamW(constant(learningRate));
    }

    public static Optimizer.Adam adamW(LearningRate learningRate) {
        return new Optimizer.Adam(learningRate, 0.9, 0.999, 1e-8, 0.01, Spared.NOTHING, true);
    }

    public static LearningRate constant(double rate) {
        return new LearningRate.Constant(rate);
    }

    /// `rate`, multiplied by `factor` after every `every` steps.
    public static LearningRate stepDecay(double rate, long every, double factor) {
        return new LearningRate.StepDecay(rate, every, factor);
    }

    /// Half a cosine from `peak` to `floor` in `steps` steps, then `floor`.
    public static LearningRate cosine(double peak, long steps, double floor) {
        return new LearningRate.Cosine(peak, steps, floor);
    }

    /// Rises for `steps` steps: `warmUp(100).then(cosine(1e-3, 900, 0))`.
    public static LearningRate.WarmUp warmUp(long steps) {
        return new LearningRate.WarmUp(steps);
    }
}
