package dev.partita.dsl.layer;

import dev.partita.dsl.graph.Update;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import java.util.List;

/// How a weight follows its gradient. Every word returns a new one; what is not said is PyTorch's
/// default.
public sealed interface Optimizer {
    /// The step size over time.
    LearningRate learningRate();

    /// The op that updates one weight.
    Update.Descent step();

    /// The weights that weight decay spares.
    Spared spared();

    /// Names of the state kept per weight, in the order in which the op reads it; each starts at 0.
    List<String> states();

    /// Stochastic gradient descent, with momentum as Sutskever et al. 2013.
    record Sgd(
            LearningRate learningRate,
            double momentum,
            boolean looksAhead,
            double weightDecay,
            Spared spared)
            implements Optimizer {
        public Sgd {
            Arguments.fraction("sgd", "momentum", momentum);
            Arguments.notNegative("sgd", "weight decay", weightDecay);
            if (looksAhead && momentum == 0) {
                throw Problem.of(ProblemCode.INVALID_ARGUMENT, "Nesterov's method needs momentum.")
                        .fix("write sgd(0.1).momentum(0.9).nesterov()")
                        .exception();
            }
        }

        public Sgd momentum(double newMomentum) {
            return new Sgd(learningRate, newMomentum, looksAhead, weightDecay, spared);
        }

        /// With the gradient of the place that the momentum leads to (Nesterov 1983).
        public Sgd nesterov() {
            return new Sgd(learningRate, momentum, true, weightDecay, spared);
        }

        public Sgd weightDecay(double newWeightDecay) {
            return new Sgd(learningRate, momentum, looksAhead, newWeightDecay, spared);
        }

        /// Weight decay leaves these alone: layers, roles such as `bias`, or whole names of
        /// weights.
        public Sgd sparing(String... names) {
            return new Sgd(learningRate, momentum, looksAhead, weightDecay, spared.and(names));
        }

        /// Weight decay leaves all weights of one dim alone: biases, gains and shifts of norms.
        public Sgd sparingVectors() {
            return new Sgd(learningRate, momentum, looksAhead, weightDecay, spared.andVectors());
        }

        @Override
        public Update.Descent step() {
            return new Update.SgdStep(momentum, looksAhead, weightDecay);
        }

        @Override
        public List<String> states() {
            return momentum == 0 ? List.of() : List.of("velocity");
        }

        @Override
        public String toString() {
            return "sgd "
                    + learningRate
                    + (momentum == 0 ? "" : " momentum " + momentum)
                    + (looksAhead ? " nesterov" : "")
                    + (weightDecay == 0 ? "" : " weight-decay " + weightDecay + spared);
        }
    }

    /// Adam (Kingma and Ba 2015); `decoupled` weight decay makes it AdamW (Loshchilov and Hutter
    /// 2019).
    record Adam(
            LearningRate learningRate,
            double beta1,
            double beta2,
            double epsilon,
            double weightDecay,
            Spared spared,
            boolean decoupled)
            implements Optimizer {
        public Adam {
            Arguments.fraction("adam", "first beta", beta1);
            Arguments.fraction("adam", "second beta", beta2);
            Arguments.notNegative("adam", "epsilon", epsilon);
            Arguments.notNegative("adam", "weight decay", weightDecay);
        }

        /// How slowly the moments forget.
        public Adam betas(double first, double second) {
            return new Adam(learningRate, first, second, epsilon, weightDecay, spared, decoupled);
        }

        public Adam epsilon(double newEpsilon) {
            return new Adam(learningRate, beta1, beta2, newEpsilon, weightDecay, spared, decoupled);
        }

        public Adam weightDecay(double newWeightDecay) {
            return new Adam(learningRate, beta1, beta2, epsilon, newWeightDecay, spared, decoupled);
        }

        /// Weight decay leaves these alone: layers, roles such as `bias`, or whole names of
        /// weights.
        public Adam sparing(String... names) {
            return with(spared.and(names));
        }

        /// Weight decay leaves all weights of one dim alone: biases, gains and shifts of norms.
        public Adam sparingVectors() {
            return with(spared.andVectors());
        }

        private Adam with(Spared newSpared) {
            return new Adam(learningRate, beta1, beta2, epsilon, weightDecay, newSpared, decoupled);
        }

        @Override
        public Update.Descent step() {
            return new Update.AdamStep(beta1, beta2, epsilon, weightDecay, decoupled);
        }

        @Override
        public List<String> states() {
            return List.of("first-moment", "second-moment");
        }

        @Override
        public String toString() {
            return (decoupled ? "adamw " : "adam ")
                    + learningRate
                    + (weightDecay == 0 ? "" : " weight-decay " + weightDecay + spared);
        }
    }
}
