package dev.partita.compiler.plan;

import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.problem.ProblemException;
import java.util.List;

/// Proves a plan before it runs: every read sees what the plan wrote there, sizes and types fit,
/// memory is never shared while in use, and no device can wait forever.
public final class PlanVerifier {
    private PlanVerifier() {}

    /// Verifies all programs, alone and together.
    ///
    /// @throws ProblemException `PlanRejected`, naming device, step and line
    public static void verify(ExecutionPlan plan) {
        for (int i = 0; i < plan.programs().size(); i++) {
            new MemoryVerifier(plan.programs().get(i), plan.mesh()).verify();
        }
        new CollectiveVerifier(plan).verify();
    }

    static ProblemException rejected(Program program, Step step, String because) {
        return Problem.of(
                        ProblemCode.PLAN_REJECTED,
                        "The plan breaks a rule that every plan must keep.")
                .fact("step", step.id() + "  " + PlanPrinter.line(program, step))
                .fact("because", because)
                .fix("report this: a pass made a plan that would hang or compute wrong numbers")
                .at(step.note().origin())
                .exception();
    }

    static ProblemException rejected(String because, List<String> facts) {
        Problem problem =
                Problem.of(
                                ProblemCode.PLAN_REJECTED,
                                "The plan breaks a rule that every plan must keep.")
                        .fact("because", because);
        for (String fact : facts) {
            problem = problem.fact("where", fact);
        }
        return problem.fix(
                        "report this: a pass made a plan that would hang or compute wrong numbers")
                .exception();
    }
}
