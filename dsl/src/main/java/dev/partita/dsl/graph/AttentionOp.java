package dev.partita.dsl.graph;

/// Attention, and what belongs to it alone.
///
/// Queries are `[batch, position, heads, queries, size]`, keys and values `[batch, position, heads,
/// size]`: the `queries` of one head share its keys and values (grouped-query attention, Ainslie et
/// al. 2023); with one query a head it is multi-head attention as Vaswani et al. 2017 have it.
public sealed interface AttentionOp extends Op {
    /// The logarithm of the sum over no keys: finite, so that nothing looks like an overflow, and
    /// so low that it adds nothing to any other.
    float NO_KEYS = -Float.MAX_VALUE;

    /// Operands `q, k, v`; results `y`, of the queries' shape, the values averaged by
    /// `softmax(scale
    /// * q k)`, and per query the logarithm of the softmax's denominator. With that, backward makes
    ///   the weights again, and nobody keeps a matrix of all pairs (FlashAttention, Dao et al.
    ///   2022).
    ///
    /// Of a block of the keys, those that it has; a query that sees none of them gets zeros, and
    /// [#NO_KEYS] for the logarithm. [Merge] makes one of two such results.
    ///
    /// @param causal true if a position sees no later one, by their places in the whole sequence
    /// @param ring true if keys and values lie as the queries do, and are to go round their
    ///   devices; only a graph with placements has that
    record Attention(boolean causal, double scale, boolean ring) implements AttentionOp {
        public Attention(boolean causal, double scale) {
            this(causal, scale, false);
        }

        @Override
        public String toString() {
            return (causal ? "causal-" : "") + "attention" + (ring ? " ring" : "");
        }
    }

    /// Operands `q, k, v, y, log-sum, dy`; results `dq, dk, dv`.
    ///
    /// With a block of the keys and values, `y` and `log-sum` being those over all keys: `dk, dv`
    /// of that block, and its summand of `dq`.
    record AttentionGrad(boolean causal, double scale, boolean ring) implements AttentionOp {
        public AttentionGrad(boolean causal, double scale) {
            this(causal, scale, false);
        }

        @Override
        public String toString() {
            return (causal ? "causal-" : "") + "attention-grad" + (ring ? " ring" : "");
        }
    }

    /// The attention over two sets of keys from the attentions over each. Operands `y, log-sum` of
    /// the one and of the other; results the same of both: the logarithms are added as numbers
    /// (log-sum-exp), and the averages weighed with them (Ring Attention, Liu et al. 2023, section
    /// 3). May be done in place of the first two.
    record Merge() implements AttentionOp {
        @Override
        public String toString() {
            return "merge-attention";
        }
    }

    /// Rotary position embedding (Su et al. 2021): turns element `i` and element `i + size / 2` of
    /// the innermost dim, as a point of the plane, by the angle `position * base^(-2 i / size)`.
    /// The position is the index along dim 1 in the whole sequence. The gradient turns back.
    ///
    /// @param back true if it turns the other way
    record Rotary(double base, boolean back) implements AttentionOp {
        @Override
        public String toString() {
            return back ? "rotary-back" : "rotary";
        }
    }
}
