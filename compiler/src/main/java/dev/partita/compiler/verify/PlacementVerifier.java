package dev.partita.compiler.verify;

import dev.partita.compiler.plan.Program;
import dev.partita.compiler.plan.Slot;
import dev.partita.compiler.plan.Step;
import dev.partita.compiler.sharding.ShardingRule;
import dev.partita.compiler.sharding.ShardingRules;
import dev.partita.dsl.graph.AttentionOp;
import dev.partita.dsl.graph.Epilogue;
import dev.partita.dsl.graph.Node;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Reshard;
import dev.partita.dsl.graph.Update;
import dev.partita.dsl.graph.Value;
import dev.partita.dsl.graph.Wide;
import dev.partita.dsl.mesh.Coordinate;
import dev.partita.dsl.mesh.DimSharding;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.mesh.Placement;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.tensor.Dim;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/// Follows through a program how values lie: every op works on blocks that belong together, what it
/// makes lies as its sharding rule says, and a pending sum is read by nobody who needs it whole.
/// (That two summands are multiplied, or a norm is taken of one, no crash reports.)
final class PlacementVerifier {
    private final Program program;
    private final Mesh mesh;

    PlacementVerifier(Program program, Mesh mesh) {
        this.program = program;
        this.mesh = mesh;
    }

    /// @throws dev.partita.dsl.problem.ProblemException `PlanRejected`, or `PartialUsedAsWhole`
    ///   with the ways to complete the sum and the bytes that each takes
    void verify() {
        for (Step step : program.steps()) {
            if (step instanceof Step.Compute compute) {
                verify(compute);
            }
        }
    }

    /// What was fused is verified as what it was fused from.
    private void verify(Step.Compute step) {
        switch (step.op()) {
            case Op.Leaf _ -> {
                Slot slot = program.slot(step.writes().getFirst());
                lies(step, slot, slot.placement().complete());
            }
            case Reshard reshard -> slice(step, reshard);
            case Wide(Op inside, var _) -> verify(part(step, inside, step.reads(), step.writes()));
            case Op.Conv2dWeightGrad grad when grad.bias() -> {
                byRule(
                        part(
                                step,
                                new Op.Conv2dWeightGrad(grad.window(), false, grad.to()),
                                step.reads(),
                                step.writes().subList(0, 1)));
                byRule(
                        part(
                                step,
                                new Op.Sum(List.of(0, 1, 2)),
                                step.reads().subList(0, 1),
                                step.writes().subList(1, 2)));
            }
            case Update.Together together -> {
                for (int i = 0; i < together.count(); i++) {
                    List<Integer> reads = together.of(i, step.reads());
                    byRule(part(step, together.step(), reads, together.of(i, step.writes())));
                }
            }
            case Op.Einsum(var _, Epilogue epilogue) -> withEpilogue(step, epilogue);
            case Op.Conv2d(var _, Epilogue epilogue) -> withEpilogue(step, epilogue);
            case AttentionOp attention when RingVerifier.isInHand(program, step) ->
                    byRule(part(step, RingVerifier.inRing(attention), step.reads(), step.writes()));
            case Op _ -> byRule(step);
        }
    }

    private static Step.Compute part(
            Step.Compute step, Op op, List<Integer> reads, List<Integer> writes) {
        return new Step.Compute(step.id(), op, reads, writes, step.note());
    }

    /// A bias would be added to every summand, and a summand is no value to rectify.
    private void withEpilogue(Step.Compute step, Epilogue epilogue) {
        byRule(step);
        Slot result = program.slot(step.writes().getFirst());
        if (epilogue != Epilogue.NONE && result.placement().isPartial()) {
            throw choices(partial(step), result, List.of()).exception();
        }
    }

    /// What is done without the others: a part is cut out, or a root keeps what it has.
    private void slice(Step.Compute step, Reshard reshard) {
        Placement from = program.slot(step.reads().getFirst()).placement();
        Slot to = program.slot(step.writes().getFirst());
        switch (reshard) {
            case Reshard.Slice(var axes, Reshard.Cut cut) -> {
                List<String> names = axes.stream().map(a -> a.name()).toList();
                DimSharding before = from.dim(cut.dim());
                if (!before.isWhole() && before.balanced() != cut.balanced()) {
                    throw PlanVerifier.rejected(program, step, before + " is not cut as " + cut);
                }
                lies(step, to, from.with(cut.dim(), before.cut(names, cut.balanced())));
            }
            case Reshard.Relocate _ -> lies(step, to, from.at(to.placement().at()));
            case Reshard.Collective _ ->
                    throw PlanVerifier.rejected(
                            program, step, "a collective is started and waited for");
        }
    }

    private void byRule(Step.Compute step) {
        var node =
                new Node(
                        step.op(),
                        values(step.reads()),
                        values(step.writes()),
                        step.note().layer(),
                        step.note().origin());
        ShardingRule rule = ShardingRules.of(node);
        Map<String, DimSharding> axes = axes(step, rule);
        List<String> pending = pending(step, node, rule, axes);
        for (int i = 0; i < step.writes().size(); i++) {
            List<String> factors = rule.results().get(i);
            List<DimSharding> dims =
                    factors.stream().map(f -> axes.getOrDefault(f, DimSharding.WHOLE)).toList();
            List<String> partial = new ArrayList<>(pending);
            for (String factor : rule.factors()) {
                boolean read = rule.operands().stream().anyMatch(t -> t.contains(factor));
                if (read && !factors.contains(factor)) {
                    partial.addAll(axes.getOrDefault(factor, DimSharding.WHOLE).axes());
                }
            }
            Slot result = program.slot(step.writes().get(i));
            Placement expected = new Placement(dims, partial, where(step, result));
            lies(step, result, RingVerifier.home(step.op(), result.placement()), expected);
        }
    }

    /// Where a result lives: no further than all operands do.
    private List<Coordinate> where(Step.Compute step, Slot result) {
        for (int id : step.reads()) {
            Slot operand = program.slot(id);
            if (!result.placement().at().containsAll(operand.placement().at())) {
                throw PlanVerifier.rejected(
                        program,
                        step,
                        "%s lies %s, where %s is not"
                                .formatted(result, result.placement(), operand));
            }
        }
        return result.placement().at();
    }

    private List<Value> values(List<Integer> slots) {
        return slots.stream().map(id -> new Value(id, program.slot(id).whole())).toList();
    }

    /// How each factor is sharded: alike in all that have it.
    private Map<String, DimSharding> axes(Step.Compute step, ShardingRule rule) {
        Map<String, DimSharding> axes = new HashMap<>();
        axes.put(ShardingRule.WHOLE, DimSharding.WHOLE);
        List<Integer> slots = new ArrayList<>(step.reads());
        slots.addAll(step.writes());
        List<List<String>> factors = new ArrayList<>(rule.operands());
        factors.addAll(rule.results());
        for (int i = 0; i < slots.size(); i++) {
            Slot slot = program.slot(slots.get(i));
            for (int dim = 0; dim < factors.get(i).size(); dim++) {
                DimSharding own = RingVerifier.home(step.op(), slot.placement()).dim(dim);
                DimSharding known = axes.putIfAbsent(factors.get(i).get(dim), own);
                if (known != null && !known.equals(own)) {
                    throw PlanVerifier.rejected(
                            program,
                            step,
                            "%s lies %s, where this op has %s over %s"
                                    .formatted(
                                            slot,
                                            slot.placement(),
                                            slot.whole().shape().dim(dim).name(),
                                            known));
                }
            }
        }
        return axes;
    }

    /// The axes over which operands may stay pending, for the op works on their summands as well.
    private List<String> pending(
            Step.Compute step, Node node, ShardingRule rule, Map<String, DimSharding> axes) {
        List<Integer> partial =
                IntStream.range(0, step.reads().size())
                        .filter(i -> read(step, i).placement().isPartial())
                        .boxed()
                        .toList();
        if (partial.isEmpty()) {
            return List.of();
        }
        List<String> over = read(step, partial.getFirst()).placement().partial();
        boolean alike =
                partial.stream().allMatch(i -> read(step, i).placement().partial().equals(over));
        boolean free =
                rule.factors().stream()
                        .flatMap(f -> axes.getOrDefault(f, DimSharding.WHOLE).axes().stream())
                        .noneMatch(over::contains);
        if (!alike || !free || !partial.equals(ShardingRules.summands(node))) {
            Problem problem = partial(step);
            for (int i : partial) {
                problem = choices(problem, read(step, i), rule.operands().get(i));
            }
            throw problem.exception();
        }
        return over;
    }

    private Slot read(Step.Compute step, int operand) {
        return program.slot(step.reads().get(operand));
    }

    private void lies(Step.Compute step, Slot slot, Placement expected) {
        lies(step, slot, slot.placement(), expected);
    }

    private void lies(Step.Compute step, Slot slot, Placement has, Placement expected) {
        if (!has.equals(expected)) {
            throw PlanVerifier.rejected(
                    program,
                    step,
                    slot + " lies " + slot.placement() + ", by the op's rule " + expected);
        }
    }

    private Problem partial(Step.Compute step) {
        return Problem.of(
                        ProblemCode.PARTIAL_USED_AS_WHOLE,
                        "A sum over devices is used before it is done.")
                .fact("step", step.id() + "  " + program.printed(step))
                .fact("because", "each device would take its own summand for the whole")
                .fix("complete the sum before this step, in one of these ways")
                .at(step.note().origin());
    }

    /// Adds a value and how its sum may be completed: on every device, or in parts along a dim by
    /// which the op may be computed in parts.
    private Problem choices(Problem problem, Slot slot, List<String> factors) {
        List<String> axes = slot.placement().partial();
        String over = String.join(" x ", axes);
        int parts = mesh.size(axes);
        long once = slot.type().bytes() * (parts - 1) / parts;
        Problem more =
                problem.fact("value", slot + " : " + slot.whole() + " lies " + slot.placement())
                        .fact("all-reduce " + over, sent(2 * once));
        for (int dim = 0; dim < factors.size(); dim++) {
            Dim own = slot.type().shape().dim(dim);
            if (own.size() % parts == 0 && !factors.get(dim).equals(ShardingRule.WHOLE)) {
                String by = "reduce-scatter " + over + " by " + own.name();
                more = more.fact(by, sent(once) + ", then it lies in parts");
            }
        }
        return more;
    }

    private static String sent(long bytes) {
        return "a device sends %,d bytes".formatted(bytes);
    }
}
