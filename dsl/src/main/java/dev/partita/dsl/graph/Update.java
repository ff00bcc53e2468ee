package dev.partita.dsl.graph;

import java.util.List;
import java.util.stream.IntStream;

/// An op that changes weights and optimizer state where they lie: its result `i` takes over the
/// memory of operand `inPlace().get(i)`.
public sealed interface Update extends Op {
    List<Integer> inPlace();

    /// An update that follows a gradient.
    sealed interface Descent extends Update {
        /// The same for a weight that weight decay spares.
        Descent withoutDecay();

        /// Number of operands.
        int arity();
    }

    /// Stochastic gradient descent as PyTorch's. Operands `weight, gradient, learning-rate` and,
    /// with momentum, `velocity`; results the new weight and velocity.
    record SgdStep(double momentum, boolean nesterov, double weightDecay) implements Descent {
        @Override
        public Descent withoutDecay() {
            return new SgdStep(momentum, nesterov, 0);
        }

        @Override
        public int arity() {
            return momentum == 0 ? 3 : 4;
        }

        @Override
        public List<Integer> inPlace() {
            return momentum == 0 ? List.of(0) : List.of(0, 3);
        }

        @Override
        public String toString() {
            return "sgd-step";
        }
    }

    /// Adam (Kingma and Ba 2015), or with `decoupled` weight decay AdamW (Loshchilov and Hutter
    /// 2019), as PyTorch's. Operands `weight, gradient, first moment, second moment, learning-rate,
    /// step`; results weight and moments.
    record AdamStep(
            double beta1, double beta2, double epsilon, double weightDecay, boolean decoupled)
            implements Descent {
        @Override
        public Descent withoutDecay() {
            return new AdamStep(beta1, beta2, epsilon, 0, decoupled);
        }

        @Override
        public int arity() {
            return 6;
        }

        @Override
        public List<Integer> inPlace() {
            return List.of(0, 2, 3);
        }

        @Override
        public String toString() {
            return decoupled ? "adamw-step" : "adam-step";
        }
    }

    /// The same step of several weights in one pass over memory. Operands and results are those of
    /// each weight's step, one step after the other; where the tensors of neighbours lie side by
    /// side they are updated as one.
    ///
    /// @param step of each weight
    /// @param count number of weights
    record Together(Descent step, int count) implements Update {
        @Override
        public List<Integer> inPlace() {
            return IntStream.range(0, count)
                    .boxed()
                    .flatMap(i -> step.inPlace().stream().map(at -> i * step.arity() + at))
                    .toList();
        }

        /// The part of `all` operands or results that belongs to one weight.
        public <T> List<T> of(int weight, List<T> all) {
            int each = all.size() / count;
            return all.subList(weight * each, (weight + 1) * each);
        }

        @Override
        public String toString() {
            return step + " x" + count;
        }
    }

    /// Writes its second operand over its first, where the new value was computed elsewhere.
    record Store() implements Update {
        @Override
        public List<Integer> inPlace() {
            return List.of(0);
        }

        @Override
        public String toString() {
            return "store";
        }
    }

    /// The end of a step whose gradients were finite. Operands `loss scale, good steps`: counts the
    /// step, and after `interval` of them doubles the scale, unless it would become infinite, and
    /// counts anew.
    record LossScaleStep(int interval) implements Update {
        @Override
        public List<Integer> inPlace() {
            return List.of(0, 1);
        }

        @Override
        public String toString() {
            return "loss-scale-step " + interval;
        }
    }
}
