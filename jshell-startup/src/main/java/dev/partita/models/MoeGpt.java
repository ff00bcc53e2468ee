package dev.partita.models;

import static dev.partita.dsl.layer.Layers.experts;

import dev.partita.dsl.layer.Experts;
import dev.partita.dsl.layer.Model;
import java.util.function.UnaryOperator;

/// A [Gpt] with a mixture of experts in place of every feed-forward part ([Lepikhin et al.
/// 2020](https://arxiv.org/abs/2006.16668), [Fedus et al. 2021](https://arxiv.org/abs/2101.03961)).
/// Sharding `expert` over an axis that shards the batch as well is expert parallelism.
public final class MoeGpt {
    private MoeGpt() {}

    /// A small one: that of [Gpt] with 8 experts half as wide, two for every token, so that a token
    /// takes as much work and the model has more weights. A quarter more slots than choices, the
    /// rest is dropped.
    public static Model model() {
        return of(
                Transformer.of(4, 256, 4, 512, 96, 256), 8, layer -> layer.topK(2).capacity(1.25));
    }

    /// Such a network of any sizes and parts.
    ///
    /// @param parts whose `ffn` is the width inside each expert
    /// @param said what else is said of the experts of a block, their capacity at least
    public static Model of(Transformer parts, long count, UnaryOperator<Experts> said) {
        return Gpt.of("moe-gpt", parts, i -> said.apply(each(parts, i, count)));
    }

    private static Experts each(Transformer parts, int i, long count) {
        Experts layer = experts("moe" + i, count, parts.ffn());
        return parts.isGated() ? layer.swiGlu() : layer;
    }
}
