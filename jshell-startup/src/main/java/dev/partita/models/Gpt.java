package dev.partita.models;

import static dev.partita.dsl.layer.Layers.attention;
import static dev.partita.dsl.layer.Layers.crossEntropy;
import static dev.partita.dsl.layer.Layers.embedding;
import static dev.partita.dsl.layer.Layers.feedForward;
import static dev.partita.dsl.layer.Layers.layerNorm;
import static dev.partita.dsl.layer.Layers.positions;
import static dev.partita.dsl.layer.Layers.residual;
import static dev.partita.dsl.layer.Layers.tiedTo;
import static dev.partita.dsl.layer.Layers.tokens;

import dev.partita.compiler.search.LayeredModel;
import dev.partita.dsl.layer.Layer;
import dev.partita.dsl.layer.Layers;
import dev.partita.dsl.layer.Model;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.tensor.TensorType;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntFunction;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// The language model GPT-2 ([Radford et al.
/// 2019](https://openai.com/index/better-language-models/)): learned positions, norms before each
/// part of a block, gelu, and an output tied to the embedding. Sharding `heads`, `ffn` and `vocab`
/// over one axis is Megatron-LM's tensor parallelism ([Shoeybi et al.
/// 2019](https://arxiv.org/abs/1909.08053)).
///
/// @param layers number of blocks
/// @param hidden width of the stream between them
/// @param heads of attention
/// @param ffn width inside the feed-forward part of a block
/// @param vocab number of tokens
/// @param sequence tokens of an example
public record Gpt(int layers, long hidden, long heads, long ffn, long vocab, long sequence) {
    private static final double DEVIATION = 0.02;

    /// One weight of every block.
    private static final Pattern BLOCK = Pattern.compile("mix\\d+\\.query\\.weight");

    public Gpt {
        if (layers < 1) {
            throw Problem.of(ProblemCode.INVALID_ARGUMENT, "A gpt has at least one layer.")
                    .fact("layers", layers)
                    .fix("--layers 4")
                    .exception();
        }
    }

    /// A small one: 4 layers of width 256 over 256 characters, 3.2 million weights.
    public static Model model() {
        return new Gpt(4, 256, 4, 1024, 96, 256).network();
    }

    /// The sizes of a trained one, found in the types of its weights; empty if it is none.
    public static Optional<Gpt> of(Map<String, TensorType> weights) {
        List<TensorType> known =
                Stream.of("model.weight", "positions.weight", "mix1.query.weight", "mlp1.up.weight")
                        .flatMap(name -> Stream.ofNullable(weights.get(name)))
                        .toList();
        if (known.size() < 4) {
            return Optional.empty();
        }
        long layers = weights.keySet().stream().filter(BLOCK.asMatchPredicate()).count();
        return Optional.of(
                new Gpt(
                        (int) layers,
                        known.get(0).shape().size(1),
                        known.get(2).shape().size(0),
                        known.get(3).shape().size(0),
                        known.get(0).shape().size(0),
                        known.get(1).shape().size(0)));
    }

    /// The network of these sizes.
    public Model network() {
        return network("gpt", i -> feedForward("mlp" + i, ffn));
    }

    /// The same as a model of equal blocks, with what tensor and sequence parallelism split.
    public LayeredModel layered() {
        return new LayeredModel(
                "gpt",
                layers,
                count -> new Gpt(count, hidden, heads, ffn, vocab, sequence).network(),
                block -> "norm" + block + "a",
                List.of("heads", "ffn", "vocab"),
                sequence,
                block ->
                        List.of(
                                "norm" + block + "a",
                                "mix" + block + ".output",
                                "residual" + (2 * block - 1),
                                "norm" + block + "b",
                                "mlp" + block + ".down",
                                "residual" + 2 * block),
                List.of("positions", "norm"));
    }

    /// A network of these sizes with other layers than feed-forward ones.
    ///
    /// @param mixing for each block, counted from 1, the layer behind its attention
    Model network(String name, IntFunction<Layer> mixing) {
        List<? extends Layer> blocks =
                IntStream.rangeClosed(1, layers)
                        .boxed()
                        .flatMap(i ->
                                Stream.of(
                                        residual(
                                                layerNorm("norm" + i + "a"),
                                                attention("mix" + i, heads).causal()),
                                        residual(layerNorm("norm" + i + "b"), mixing.apply(i))))
                        .toList();
        return Layers.model(name, tokens("sequence", sequence, vocab))
                .then(embedding("model", hidden).deviation(DEVIATION))
                .then(positions("positions"))
                .then(blocks)
                .then(layerNorm("norm"))
                .then(tiedTo("model"))
                .loss(crossEntropy());
    }
}
