package dev.partita.dsl.graph;

/// Attention, and what belongs to it alone.
///
/// Queries are `[batch, position, heads, queries, size]`, keys and values `[batch, position, heads,
/// size]`: the `queries` of one head share its keys and values (grouped-query attention, Ainslie et
/// al. 2023); with one query a head it is multi-head attention as Vaswani et al. 2017 have it.
public sealed interface AttentionOp extends Op {
    /// Operands `q, k, v`; results `y`, of the queries' shape, the values averaged by
    /// `softmax(scale
    /// * q k)`, and per query the logarithm of the softmax's denominator. With that, backward makes
    ///   the weights again, and nobody keeps a matrix of all pairs (FlashAttention, Dao et al.
    ///   2022).
    ///
    /// @param causal true if a position sees no later one, by their places in the whole sequence
    record Attention(boolean causal, double scale) implements AttentionOp {
        @Override
        public String toString() {
            return (causal ? "causal-" : "") + "attention";
        }
    }

    /// Operands `q, k, v, y, log-sum, dy`; results `dq, dk, dv`.
    record AttentionGrad(boolean causal, double scale) implements AttentionOp {
        @Override
        public String toString() {
            return (causal ? "causal-" : "") + "attention-grad";
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
