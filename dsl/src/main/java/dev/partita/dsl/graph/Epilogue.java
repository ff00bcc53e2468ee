package dev.partita.dsl.graph;

import java.util.Locale;

/// What a contraction does to its result before it stores it.
public enum Epilogue {
    /// Nothing.
    NONE,
    /// Adds a bias, the last operand, along the innermost dim.
    BIAS,
    /// Replaces negatives by zero.
    RELU,
    /// Adds the bias, then replaces negatives by zero.
    BIAS_RELU;

    public boolean hasBias() {
        return this == BIAS || this == BIAS_RELU;
    }

    public boolean hasRelu() {
        return this == RELU || this == BIAS_RELU;
    }

    /// How a printed op ends: empty, or `+bias`, `+relu`, `+bias+relu`.
    public String suffix() {
        return this == NONE ? "" : "+" + name().toLowerCase(Locale.ROOT).replace('_', '+');
    }
}
