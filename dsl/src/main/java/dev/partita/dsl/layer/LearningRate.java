package dev.partita.dsl.layer;

/// The step size of an optimizer over time. Steps count from 1. Prints short: `0.1 x 0.5 every 30`.
public sealed interface LearningRate {
    /// The rate of one step.
    double at(long step);

    /// This rate for a number of steps; `then` says what follows, as PyTorch's `SequentialLR`.
    default Phase during(long steps) {
        return new Phase(this, steps);
    }

    /// Always the same.
    record Constant(double rate) implements LearningRate {
        public Constant {
            Arguments.notNegative("a schedule", "learning rate", rate);
        }

        @Override
        public double at(long step) {
            return rate;
        }

        @Override
        public String toString() {
            return String.valueOf(rate);
        }
    }

    /// Multiplied by `factor` after every `every` steps; PyTorch's `StepLR`.
    record StepDecay(double rate, long every, double factor) implements LearningRate {
        public StepDecay {
            Arguments.notNegative("a schedule", "learning rate", rate);
            Arguments.atLeast(1, "stepDecay", "number of steps", every);
            Arguments.notNegative("stepDecay", "factor", factor);
        }

        @Override
        public double at(long step) {
            long decays = (step - 1) / every;
            return rate * Math.pow(factor, (double) decays);
        }

        @Override
        public String toString() {
            return rate + " x " + factor + " every " + every;
        }
    }

    /// Half a cosine from `peak` down to `floor` in `steps` steps, then `floor` (Loshchilov and
    /// Hutter 2017, without restarts); until there PyTorch's `CosineAnnealingLR`.
    record Cosine(double peak, long steps, double floor) implements LearningRate {
        public Cosine {
            Arguments.notNegative("a schedule", "learning rate", peak);
            Arguments.atLeast(1, "cosine", "number of steps", steps);
            Arguments.notNegative("cosine", "floor", floor);
        }

        @Override
        public double at(long step) {
            double done = (double) Math.min(step - 1, steps) / steps;
            return floor + (peak - floor) * (1 + Math.cos(Math.PI * done)) / 2;
        }

        @Override
        public String toString() {
            return "cosine " + peak + " to " + floor + " in " + steps;
        }
    }

    /// A straight line whose value is `peak` at step `steps`.
    record Rise(double peak, long steps) implements LearningRate {
        public Rise {
            Arguments.notNegative("a schedule", "learning rate", peak);
            Arguments.atLeast(1, "warmUp", "number of steps", steps);
        }

        @Override
        public double at(long step) {
            return peak * step / steps;
        }

        @Override
        public String toString() {
            return "rise to " + peak;
        }
    }

    /// `first` for `steps` steps, then `next` from its own beginning.
    record Sequence(LearningRate first, long steps, LearningRate next) implements LearningRate {
        @Override
        public double at(long step) {
            return step <= steps ? first.at(step) : next.at(step - steps);
        }

        @Override
        public String toString() {
            return first + " for " + steps + ", " + next;
        }
    }

    /// The beginning of a [Sequence].
    record Phase(LearningRate first, long steps) {
        public Phase {
            Arguments.atLeast(1, "a schedule", "number of steps", steps);
        }

        public LearningRate then(LearningRate next) {
            return new Sequence(first, steps, next);
        }
    }

    /// Rises in a straight line to where the next schedule begins.
    record WarmUp(long steps) {
        public WarmUp {
            Arguments.atLeast(1, "warmUp", "number of steps", steps);
        }

        public LearningRate then(LearningRate next) {
            return new Sequence(new Rise(next.at(1), steps), steps, next);
        }
    }
}
