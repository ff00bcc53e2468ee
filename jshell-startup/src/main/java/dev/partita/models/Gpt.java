package dev.partita.models;

import static dev.partita.dsl.layer.Layers.crossEntropy;
import static dev.partita.dsl.layer.Layers.layerNorm;
import static dev.partita.dsl.layer.Layers.residual;
import static dev.partita.dsl.layer.Layers.tokens;

import dev.partita.compiler.search.LayeredModel;
import dev.partita.dsl.layer.Layer;
import dev.partita.dsl.layer.Layers;
import dev.partita.dsl.layer.Model;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// The language model GPT-2 ([Radford et al.
/// 2019](https://openai.com/index/better-language-models/)): learned positions, norms before each
/// part of a block, gelu, and an output tied to the embedding; or with other parts, see
/// [Transformer]. Sharding `heads`, `ffn` and `vocab` over one axis is Megatron-LM's tensor
/// parallelism ([Shoeybi et al. 2019](https://arxiv.org/abs/1909.08053)).
public final class Gpt {
    private Gpt() {}

    /// A small one: 4 layers of width 256 over 256 characters, 3.2 million weights.
    public static Model model() {
        return of(Transformer.small());
    }

    /// One of these sizes and parts.
    public static Model of(Transformer parts) {
        return of("gpt", parts, parts::mlp);
    }

    /// The same as a model of equal blocks, with what tensor and sequence parallelism split.
    public static LayeredModel layered(Transformer parts) {
        return new LayeredModel(
                "gpt",
                parts.layers(),
                count -> of(parts.layers(count)),
                block -> "norm" + block + "a",
                List.of("heads", "ffn", "vocab"),
                parts.sequence(),
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

    /// The same with other layers than feed-forward ones.
    ///
    /// @param mixing for each block, counted from 1, the layer behind its attention
    static Model of(String name, Transformer parts, IntFunction<Layer> mixing) {
        List<? extends Layer> blocks =
                IntStream.rangeClosed(1, parts.layers())
                        .boxed()
                        .flatMap(i ->
                                Stream.of(
                                        residual(
                                                layerNorm("norm" + i + "a"),
                                                parts.dropped(parts.selfAttention(i).causal())),
                                        residual(
                                                layerNorm("norm" + i + "b"),
                                                parts.dropped(mixing.apply(i)))))
                        .toList();
        Model net =
                parts.embedded(
                        Layers.model(name, tokens("sequence", parts.sequence(), parts.vocab())));
        return parts.dropped(net)
                .then(blocks)
                .then(layerNorm("norm"))
                .then(parts.output())
                .loss(crossEntropy());
    }
}
