package dev.partita.dsl.layer;

import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.problem.ProblemException;
import dev.partita.dsl.tensor.TensorType;
import java.util.OptionalLong;

/// How many slots every expert of a layer has for each example. There is no usual choice: it trades
/// dropped tokens for memory and work, so the user says it.
public sealed interface Capacity {
    /// The slots of an expert for an example of this many positions, or empty if nobody said.
    OptionalLong slots(long positions, int choices, long experts);

    /// Nobody said yet.
    record Unstated() implements Capacity {
        @Override
        public OptionalLong slots(long positions, int choices, long experts) {
            return OptionalLong.empty();
        }
    }

    /// `factor` times what each expert gets if all are chosen equally often, rounded up, but never
    /// more than there are positions.
    record Factor(double factor) implements Capacity {
        public Factor {
            if (!(factor > 0 && factor < Double.POSITIVE_INFINITY)) {
                throw Problem.of(
                                ProblemCode.INVALID_ARGUMENT,
                                "The capacity of experts must be a positive number.")
                        .fact("capacity", factor)
                        .fix("write for example capacity(1.25), or dropless()")
                        .exception();
            }
        }

        @Override
        public OptionalLong slots(long positions, int choices, long experts) {
            double even = (double) choices * positions / experts;
            return OptionalLong.of(Math.clamp((long) Math.ceil(factor * even), 1, positions));
        }
    }

    /// A slot for every position: nothing is ever dropped.
    record Dropless() implements Capacity {
        @Override
        public OptionalLong slots(long positions, int choices, long experts) {
            return OptionalLong.of(positions);
        }
    }

    /// The Problem of a layer whose capacity nobody said, with what each choice takes.
    ///
    /// @param x what the layer is given
    static ProblemException missing(Experts layer, Tracer trace, TensorType x) {
        Problem problem =
                trace.problem(
                                ProblemCode.CAPACITY_POLICY_MISSING,
                                "Nothing says what becomes of tokens that an expert has no room for.")
                        .fact(
                                "experts",
                                layer.count() + ", each position chooses " + layer.choices());
        for (double factor : new double[] {1, 1.25, 2}) {
            problem = cost(problem, "capacity(" + factor + ")", new Factor(factor), layer, x);
        }
        return cost(problem, "dropless()", new Dropless(), layer, x)
                .fix(".capacity(1.25) drops what finds no slot, .dropless() drops nothing")
                .exception();
    }

    private static Problem cost(
            Problem problem, String word, Capacity capacity, Experts layer, TensorType x) {
        long positions = x.shape().size(1);
        long slots = capacity.slots(positions, layer.choices(), layer.count()).orElseThrow();
        long width = x.shape().size(2) + layer.hidden() * (layer.gated() ? 2 : 1);
        long bytes = layer.count() * slots * width * x.dtype().bytes();
        return problem.fact(
                word,
                "%,d slots an expert for the %,d positions of an example, %,d bytes in all"
                        .formatted(slots, positions, bytes));
    }
}
