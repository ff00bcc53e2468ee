package dev.partita.compiler.verify;

import dev.partita.compiler.plan.ExecutionPlan;
import dev.partita.compiler.plan.Program;
import dev.partita.compiler.plan.Step;
import dev.partita.dsl.graph.Update;
import dev.partita.dsl.mesh.Role;
import dev.partita.dsl.problem.Origin;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.problem.ProblemException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Proves a plan before it runs: every read sees what the plan wrote there, sizes and types fit,
/// memory is never shared while in use, blocks belong together, sums are complete where they must
/// be and rings were gone round, nothing changes on any device before a check may end the step, and
/// no device can wait forever. Devices may run different programs.
public final class PlanVerifier {
    private PlanVerifier() {}

    /// Verifies all programs, alone and together.
    ///
    /// @throws ProblemException `PlanRejected` or `PartialUsedAsWhole`, naming device, step and
    ///   line
    public static void verify(ExecutionPlan plan) {
        Set<String> checks = new LinkedHashSet<>();
        plan.programs().forEach(program -> checks.addAll(checks(program.steps())));
        for (int i = 0; i < plan.programs().size(); i++) {
            if (!plan.programOf().contains(i)) {
                continue;
            }
            Role role = plan.role(i);
            try {
                new MemoryVerifier(plan.programs().get(i), role).verify();
                new PlacementVerifier(plan.programs().get(i), plan.mesh()).verify();
                new RingVerifier(plan.programs().get(i), plan.mesh()).verify();
                requireUpdatesLast(plan.programs().get(i), checks);
            } catch (ProblemException e) {
                throw e.problem().fact("ranks", role.rankList()).exception(e);
            }
        }
        new CollectiveVerifier(plan).verify();
    }

    private static Set<String> checks(List<Step> steps) {
        Set<String> checks = new LinkedHashSet<>();
        for (Step step : steps) {
            if (step instanceof Step.RequireFinite check) {
                checks.add(
                        check.what() + (check.lossScale().isEmpty() ? "" : " with a loss scale"));
            }
        }
        return checks;
    }

    /// Whoever ends a step at a check must have changed nothing, and neither may any other device:
    /// one that changes something has made every check of the plan before.
    private static void requireUpdatesLast(Program program, Set<String> all) {
        @Nullable Step update = null;
        for (Step step : program.steps()) {
            if (update != null && step instanceof Step.RequireFinite) {
                throw rejected(
                        program, update, "it changes state before step " + step.id() + " checks");
            }
            if (update == null
                    && step instanceof Step.Compute compute
                    && compute.op() instanceof Update) {
                update = step;
            }
        }
        Set<String> missing = new LinkedHashSet<>(all);
        missing.removeAll(checks(program.steps()));
        if (update != null && !missing.isEmpty()) {
            throw rejected(
                    program,
                    update,
                    "it changes state, and only other devices check " + String.join(", ", missing));
        }
    }

    static ProblemException rejected(Program program, Step step, String because) {
        return Problem.of(
                        ProblemCode.PLAN_REJECTED,
                        "The plan breaks a rule that every plan must keep.")
                .fact("step", step.id() + "  " + program.printed(step))
                .fact("because", because)
                .fix("report this: a pass made a plan that would hang or compute wrong numbers")
                .at(step.note().origin())
                .exception();
    }

    static ProblemException rejected(String because, List<String> facts, Origin origin) {
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
                .at(origin)
                .exception();
    }
}
