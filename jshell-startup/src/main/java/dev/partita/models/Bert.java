package dev.partita.models;

import static dev.partita.dsl.layer.Layers.crossEntropy;
import static dev.partita.dsl.layer.Layers.dim;
import static dev.partita.dsl.layer.Layers.gelu;
import static dev.partita.dsl.layer.Layers.layerNorm;
import static dev.partita.dsl.layer.Layers.linear;
import static dev.partita.dsl.layer.Layers.residual;
import static dev.partita.dsl.layer.Layers.segments;
import static dev.partita.dsl.layer.Layers.tokens;

import dev.partita.dsl.layer.Layer;
import dev.partita.dsl.layer.Layers;
import dev.partita.dsl.layer.Model;
import dev.partita.runtime.data.Masking;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// The encoder BERT ([Devlin et al. 2019](https://arxiv.org/abs/1810.04805)): every position sees
/// every other, a vector per segment is added to those of token and position, a norm follows each
/// part of a block, and it learns to say which tokens were hidden from it, see [Masking]. Labels of
/// all others are [Masking#IGNORED].
///
/// @param parts its sizes and what its parts are
/// @param isPreNorm whether norms come before each part of a block instead, as in [Gpt], which
///   trains deep networks without a warm-up ([Xiong et al. 2020](https://arxiv.org/abs/2002.04745))
public record Bert(Transformer parts, boolean isPreNorm) {
    /// Segments of an example, as in the paper: `A` and `B`.
    private static final long SEGMENTS = 2;

    /// A small one: 4 layers of width 256 over 256 characters, norms behind.
    public static Model model() {
        return new Bert(Transformer.small(), false).network();
    }

    /// The network of these sizes and parts.
    public Model network() {
        List<Layer> blocks =
                IntStream.rangeClosed(1, parts.layers())
                        .boxed()
                        .flatMap(i ->
                                Stream.concat(
                                        part("norm" + i + "a", parts.selfAttention(i)),
                                        part("norm" + i + "b", parts.mlp(i))))
                        .toList();
        Layer norm = layerNorm("norm");
        Model net =
                parts.embedded(
                                Layers.model(
                                        "bert",
                                        tokens("sequence", parts.sequence(), parts.vocab())))
                        .then(segments("segment", SEGMENTS));
        net = parts.dropped(isPreNorm ? net : net.then(norm)).then(blocks);
        return (isPreNorm ? net.then(norm) : net)
                .then(linear("transform", dim("model", parts.hidden())))
                .then(gelu())
                .then(layerNorm("transform-norm"))
                .then(parts.output())
                .loss(crossEntropy().ignoring(Masking.IGNORED));
    }

    /// A part of a block with its norm.
    private Stream<Layer> part(String norm, Layer part) {
        Layer dropped = parts.dropped(part);
        return isPreNorm
                ? Stream.of(residual(layerNorm(norm), dropped))
                : Stream.of(residual(dropped), layerNorm(norm));
    }
}
