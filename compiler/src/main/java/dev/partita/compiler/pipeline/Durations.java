package dev.partita.compiler.pipeline;

import dev.partita.compiler.pipeline.PipelineAction.Work;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;

/// How long the work of one micro-batch takes a device, in any unit of time, and how long its
/// result is on the way to the next. A device with several stages shares these among them alike.
///
/// @param forward of all stages of a device
/// @param backwardInput gradients of inputs
/// @param backwardWeight gradients of weights
/// @param transfer from one device to another; it occupies neither
public record Durations(
        double forward, double backwardInput, double backwardWeight, double transfer) {
    /// @throws dev.partita.dsl.problem.ProblemException `InvalidArgument` unless they are finite
    ///   and not negative, and some work takes time
    public Durations {
        boolean legal = work(forward, backwardInput, backwardWeight) > 0;
        for (double each : new double[] {forward, backwardInput, backwardWeight, transfer}) {
            legal &= each >= 0 && Double.isFinite(each);
        }
        if (!legal) {
            throw Problem.of(
                            ProblemCode.INVALID_ARGUMENT,
                            "Durations are finite and not negative, and some work takes time.")
                    .fact("forward", forward)
                    .fact("backward input", backwardInput)
                    .fact("backward weight", backwardWeight)
                    .fact("transfer", transfer)
                    .fix(
                            "for example --forward 10 --backward-input 10 --backward-weight 10 --transfer 0")
                    .exception();
        }
    }

    private static double work(double forward, double backwardInput, double backwardWeight) {
        return forward + backwardInput + backwardWeight;
    }

    /// All that a device does for one micro-batch.
    public double work() {
        return work(forward, backwardInput, backwardWeight);
    }

    /// How long one action takes.
    ///
    /// @param inputsAlone true for a backward that leaves the gradients of weights to a `W`
    /// @param chunks stages of a device
    double of(Work work, boolean inputsAlone, int chunks) {
        double whole =
                switch (work) {
                    case F -> forward;
                    case B -> inputsAlone ? backwardInput : backwardInput + backwardWeight;
                    case W -> backwardWeight;
                };
        return whole / chunks;
    }
}
