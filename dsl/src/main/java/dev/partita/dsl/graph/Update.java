package dev.partita.dsl.graph;

import java.util.List;

/// An op that changes weights and optimizer state where they lie: its result `i` takes over the
/// memory of operand `inPlace().get(i)`.
public sealed interface Update extends Op {
    List<Integer> inPlace();

    /// An update that follows a gradient.
    sealed interface Descent extends Update {
        /// The same for a weight that weight decay spares.
        Descent withoutDecay();
    }

    /// Stochastic gradient descent as PyTorch's. Operands `weight, gradient, learning-rate` and,
    /// with momentum, `velocity`; results the new weight and velocity.
    record SgdStep(double momentum, boolean nesterov, double weightDecay) implements Descent {
        @Override
        public Descent withoutDecay() {
            return new SgdStep(momentum, nesterov, 0);
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
        public List<Integer> inPlace() {
            return List.of(0, 2, 3);
        }

        @Override
        public String toString() {
            return decoupled ? "adamw-step" : "adam-step";
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
