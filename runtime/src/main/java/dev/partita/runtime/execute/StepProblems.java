package dev.partita.runtime.execute;

import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.problem.ProblemException;
import org.jspecify.annotations.Nullable;

/// What a person reads when a step did not complete.
final class StepProblems {
    private static final String KEPT = "as the last complete step left them";

    private StepProblems() {}

    static ProblemException cancelled() {
        return Problem.of(ProblemCode.INTERRUPTED, "The step was cancelled.")
                .fact("weights", KEPT)
                .fix("go on with the next step, or stop here")
                .exception();
    }

    /// A Problem that a kernel found stays what it is.
    ///
    /// @param lost whether some devices have changed their weights and others have not
    static ProblemException failed(Throwable failure, boolean lost) {
        if (failure instanceof ProblemException problem) {
            return problem;
        }
        return Problem.of(ProblemCode.DEVICE_FAILED, "A device failed.")
                .fact("because", failure)
                .fact("weights", lost ? "lost: some devices had changed theirs, others not" : KEPT)
                .fix(lost ? "open the plan again" : "run the step again, or report this")
                .exception(failure);
    }

    static ProblemException notFinite(long step, @Nullable FirstNonFinite first) {
        Problem problem =
                Problem.of(ProblemCode.NOT_FINITE, "A value became NaN or infinite.")
                        .fact("step", step);
        if (first != null) {
            problem = problem.fact("first in", first.what()).at(first.note().origin());
            if (!first.note().layer().isEmpty()) {
                problem = problem.fact("layer", first.note().layer());
            }
        }
        return problem.fact("weights", KEPT)
                .fix("lower the learning rate, warm it up, or look at the examples of this step")
                .exception();
    }
}
