package dev.partita.dsl.graph;

import java.util.List;
import java.util.stream.Collectors;

/// An op computed element by element, operands and result of equal sizes: it may be fused into
/// chains and done in place.
public sealed interface Elementwise extends Op {
    /// Number of operands.
    int arity();

    /// An elementwise op of one operand.
    sealed interface Unary extends Elementwise {
        @Override
        default int arity() {
            return 1;
        }
    }

    /// An elementwise op of two operands.
    sealed interface Binary extends Elementwise {
        @Override
        default int arity() {
            return 2;
        }
    }

    /// `max(x, 0)`.
    record Relu() implements Unary {
        @Override
        public String toString() {
            return "relu";
        }
    }

    /// Operands `y, dy`: `dy` where `y > 0`, else 0.
    record ReluGrad() implements Binary {
        @Override
        public String toString() {
            return "relu-grad";
        }
    }

    /// `x * Phi(x)` with the error function (Hendrycks and Gimpel 2016, not the tanh
    /// approximation).
    record Gelu() implements Unary {
        @Override
        public String toString() {
            return "gelu";
        }
    }

    /// Operands `x, dy`: `dy * (Phi(x) + x * phi(x))`.
    record GeluGrad() implements Binary {
        @Override
        public String toString() {
            return "gelu-grad";
        }
    }

    /// `x * sigmoid(x)`, also called swish (Ramachandran et al. 2017).
    record Silu() implements Unary {
        @Override
        public String toString() {
            return "silu";
        }
    }

    /// Operands `x, dy`: `dy * s * (1 + x * (1 - s))` with `s = sigmoid(x)`.
    record SiluGrad() implements Binary {
        @Override
        public String toString() {
            return "silu-grad";
        }
    }

    /// `tanh(x)`.
    record Tanh() implements Unary {
        @Override
        public String toString() {
            return "tanh";
        }
    }

    /// Operands `y, dy`: `dy * (1 - y * y)`.
    record TanhGrad() implements Binary {
        @Override
        public String toString() {
            return "tanh-grad";
        }
    }

    /// Square root.
    record SquareRoot() implements Unary {
        @Override
        public String toString() {
            return "square-root";
        }
    }

    /// What gradients of this norm are multiplied by to be no longer than `maxNorm`: `min(1,
    /// maxNorm / (x + 1e-6))`, as `clip_grad_norm_` of PyTorch.
    record ClipFactor(double maxNorm) implements Unary {
        /// What PyTorch adds to a norm before it divides by it.
        public static final double EPSILON = 1e-6;

        @Override
        public String toString() {
            return "clip-factor " + maxNorm;
        }
    }

    /// `1 / x`.
    record Reciprocal() implements Unary {
        @Override
        public String toString() {
            return "reciprocal";
        }
    }

    /// `1 / max(x, 1)`: what each of `x` things weighs in their mean.
    record MeanWeight() implements Unary {
        @Override
        public String toString() {
            return "mean-weight";
        }
    }

    /// `factor * x`.
    record Scale(double factor) implements Unary {
        @Override
        public String toString() {
            return "scale " + factor;
        }
    }

    /// `a + b`.
    record Add() implements Binary {
        @Override
        public String toString() {
            return "add";
        }
    }

    /// `a - b`.
    record Subtract() implements Binary {
        @Override
        public String toString() {
            return "subtract";
        }
    }

    /// `a * b`.
    record Multiply() implements Binary {
        @Override
        public String toString() {
            return "multiply";
        }
    }

    /// A chain of elementwise ops done in one pass over memory. Part `i` reads operands `0..n-1` of
    /// the node and, as `n + j`, the result of an earlier part `j`; the last part's result is the
    /// node's.
    record Fused(int arity, List<Part> parts) implements Elementwise {
        /// One op of the chain and what it reads.
        public record Part(Elementwise op, List<Integer> reads) {
            public Part {
                reads = List.copyOf(reads);
            }

            @Override
            public String toString() {
                return op + reads.toString();
            }
        }

        public Fused {
            parts = List.copyOf(parts);
        }

        @Override
        public String toString() {
            return parts.stream()
                    .map(p -> p.op().toString())
                    .collect(Collectors.joining("; ", "fused{", "}"));
        }
    }
}
