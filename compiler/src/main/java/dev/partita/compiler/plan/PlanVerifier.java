package dev.partita.compiler.plan;

import dev.partita.dsl.graph.Update;
import dev.partita.dsl.problem.Origin;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.problem.ProblemException;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// Proves a plan before it runs: every read sees what the plan wrote there, sizes and types fit,
/// memory is never shared while in use, blocks belong together and sums are complete where they
/// must be, all devices decide alike whether a step ends and nothing changes before, and no device
/// can wait forever.
public final class PlanVerifier {
    private static final int MOST_NAMED = 4;

    private PlanVerifier() {}

    /// Verifies all programs, alone and together.
    ///
    /// @throws ProblemException `PlanRejected` or `PartialUsedAsWhole`, naming device, step and line
    public static void verify(ExecutionPlan plan) {
        for (int i = 0; i < plan.programs().size(); i++) {
            try {
                new MemoryVerifier(plan.programs().get(i), plan.mesh()).verify();
                new PlacementVerifier(plan.programs().get(i), plan.mesh()).verify();
                requireUpdatesLast(plan.programs().get(i));
                requireSameChecks(plan, i);
            } catch (ProblemException e) {
                throw e.problem().fact("ranks", ranks(plan, i)).exception(e);
            }
        }
        new CollectiveVerifier(plan).verify();
    }

    /// The devices that run a program: `0, 1, 2, 3 and 60 more`.
    private static String ranks(ExecutionPlan plan, int program) {
        List<Integer> ranks =
                IntStream.range(0, plan.devices())
                        .filter(rank -> plan.programOf().get(rank) == program)
                        .boxed()
                        .toList();
        String named =
                ranks.stream()
                        .limit(MOST_NAMED)
                        .map(String::valueOf)
                        .collect(Collectors.joining(", "));
        return ranks.size() <= MOST_NAMED
                ? named
                : named + " and " + (ranks.size() - MOST_NAMED) + " more";
    }

    /// Whoever ends a step at a check must have changed nothing.
    private static void requireUpdatesLast(Program program) {
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
    }

    /// A step that ends, or is run again with another loss scale, must do so on every device.
    private static void requireSameChecks(ExecutionPlan plan, int program) {
        Program first = plan.program(0);
        Program own = plan.programs().get(program);
        List<Step.RequireFinite> expected = checks(first);
        List<Step.RequireFinite> checks = checks(own);
        for (int i = 0; i < Math.max(expected.size(), checks.size()); i++) {
            boolean fewer = i >= checks.size();
            if (fewer || i >= expected.size() || !isSame(expected.get(i), checks.get(i))) {
                throw fewer
                        ? rejected(first, expected.get(i), "rank 0 checks, and others do not")
                        : rejected(own, checks.get(i), "rank 0 does not check the same");
            }
        }
    }

    private static List<Step.RequireFinite> checks(Program program) {
        return program.steps().stream()
                .filter(Step.RequireFinite.class::isInstance)
                .map(Step.RequireFinite.class::cast)
                .toList();
    }

    private static boolean isSame(Step.RequireFinite a, Step.RequireFinite b) {
        return a.what().equals(b.what()) && a.lossScale().size() == b.lossScale().size();
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
