package dev.partita.models;

import static dev.partita.dsl.layer.Layers.crossEntropy;
import static dev.partita.dsl.layer.Layers.dim;
import static dev.partita.dsl.layer.Layers.dropout;
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
        Model net =
                parts.embedded(
                                Layers.model(
                                        "bert",
                                        tokens("sequence", parts.sequence(), parts.vocab())))
                        .then(segments("segment", SEGMENTS));
        net = isPreNorm ? net : net.then(layerNorm("norm"));
        net = parts.dropout() == 0 ? net : net.then(dropout(parts.dropout()));
        for (int i = 1; i <= parts.layers(); i++) {
            net = block(net, "norm" + i + "a", parts.dropped(parts.selfAttention(i)));
            net = block(net, "norm" + i + "b", parts.dropped(parts.mlp(i)));
        }
        net = isPreNorm ? net.then(layerNorm("norm")) : net;
        return net.then(linear("transform", dim("model", parts.hidden())))
                .then(gelu())
                .then(layerNorm("transform-norm"))
                .then(parts.output())
                .loss(crossEntropy().ignoring(Masking.IGNORED));
    }

    private Model block(Model net, String norm, Layer part) {
        return isPreNorm
                ? net.then(residual(layerNorm(norm), part))
                : net.then(residual(part)).then(layerNorm(norm));
    }
}
