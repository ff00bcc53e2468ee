package dev.partita.compiler.verify;

import dev.partita.compiler.plan.Program;
import dev.partita.compiler.plan.Slot;
import dev.partita.compiler.plan.Step;
import dev.partita.compiler.sharding.ShardingRules;
import dev.partita.dsl.graph.AttentionOp;
import dev.partita.dsl.graph.Elementwise;
import dev.partita.dsl.graph.Node;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Reshard;
import dev.partita.dsl.graph.Value;
import dev.partita.dsl.graph.Wide;
import dev.partita.dsl.mesh.DimSharding;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.mesh.Placement;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/// Follows what goes round a ring: attention to one block of keys is part of the attention to all,
/// and nobody reads it before each block was met, once; the gradient of a block is whole after each
/// device added its own to it, once.
///
/// Of a part, the blocks that it met are known by how often they went on before; of a gradient on
/// its way, the devices that added to it by how many places they are before the one that has it.
final class RingVerifier {
    /// The dim of positions.
    private static final int POSITION = 1;

    /// What a slot has met so far of a ring of so many blocks.
    private record Met(Set<Integer> blocks, int of) {
        boolean isAll() {
            return blocks.size() == of;
        }

        Met passedOn() {
            return new Met(
                    blocks.stream()
                            .map(places -> (places + 1) % of)
                            .collect(Collectors.toCollection(TreeSet::new)),
                    of);
        }
    }

    private final Program program;
    private final Mesh mesh;
    private final Map<Integer, Met> met = new HashMap<>();

    RingVerifier(Program program, Mesh mesh) {
        this.program = program;
        this.mesh = mesh;
    }

    /// True if a step attends to one block of the keys, which may be any of its ring.
    static boolean isInHand(Program program, Step.Compute step) {
        boolean attends =
                inside(step.op()) instanceof AttentionOp.Attention
                        || inside(step.op()) instanceof AttentionOp.AttentionGrad;
        return attends && !positions(program, step.reads().get(1)).isWhole();
    }

    /// The op that goes round, of which one on the block in hand is a part.
    static AttentionOp inRing(AttentionOp op) {
        return switch (op) {
            case AttentionOp.Attention(boolean causal, double scale, boolean _) ->
                    new AttentionOp.Attention(causal, scale, true);
            case AttentionOp.AttentionGrad(boolean causal, double scale, boolean _) ->
                    new AttentionOp.AttentionGrad(causal, scale, true);
            case AttentionOp.Merge _, AttentionOp.Rotary _ -> op;
        };
    }

    /// How an operand or result of an op that goes round lies at home.
    static Placement home(Op op, Placement placement) {
        boolean round =
                (op instanceof AttentionOp.Attention attention && attention.ring())
                        || (op instanceof AttentionOp.AttentionGrad grad && grad.ring());
        return round ? placement.with(POSITION, placement.dim(POSITION).turnedTo(0)) : placement;
    }

    private static DimSharding positions(Program program, int slot) {
        return program.slot(slot).placement().dim(POSITION);
    }

    /// @throws dev.partita.dsl.problem.ProblemException `PlanRejected`
    void verify() {
        for (Step step : program.steps()) {
            switch (step) {
                case Step.Compute compute -> compute(compute, inside(compute.op()));
                case Step.Start start -> {
                    for (int i = 0; i < start.sources().size(); i++) {
                        pass(start, i);
                    }
                }
                case Step.RequireFinite check -> whole(check, check.slot());
                case Step.Finish _ -> {}
            }
        }
    }

    private static Op inside(Op op) {
        return op instanceof Wide(Op wide, var _) ? wide : op;
    }

    private void compute(Step.Compute step, Op op) {
        if (isInHand(program, step)) {
            step.reads().forEach(slot -> whole(step, slot));
            attend(step, op instanceof AttentionOp.AttentionGrad);
        } else if (step.reads().stream().anyMatch(met::containsKey)) {
            join(step, op);
        }
    }

    /// Queries stay where they are; keys, values and their gradients are of one block.
    private void attend(Step.Compute step, boolean backward) {
        DimSharding keys = positions(program, step.reads().get(1));
        for (int i = 0; i < step.reads().size(); i++) {
            turned(step, step.reads().get(i), i == 1 || i == 2 ? keys.turned() : 0);
        }
        for (int i = 0; i < step.writes().size(); i++) {
            boolean travels = backward && i > 0;
            turned(step, step.writes().get(i), travels ? keys.turned() : 0);
            Set<Integer> blocks = Set.of(travels ? 0 : keys.turned());
            note(step.writes().get(i), new Met(blocks, mesh.size(keys.axes())));
        }
    }

    private void turned(Step step, int id, int turned) {
        if (positions(program, id).turned() != turned) {
            Slot slot = program.slot(id);
            throw PlanVerifier.rejected(
                    program,
                    step,
                    "%s lies %s, where block %d is in hand"
                            .formatted(slot, slot.placement(), turned));
        }
    }

    /// Parts become one that has met what each of them has.
    private void join(Step.Compute step, Op op) {
        Set<Integer> blocks = new TreeSet<>();
        List<Integer> parts = parts(step, op);
        int of = 0;
        for (int slot : parts) {
            Met part = met.get(slot);
            if (part == null) {
                throw PlanVerifier.rejected(
                        program, step, program.slot(slot) + " is no part, and others are");
            }
            for (int block : part.blocks()) {
                if (!blocks.add(block)) {
                    throw PlanVerifier.rejected(
                            program, step, "block %d of %d is met twice".formatted(block, part.of));
                }
            }
            of = part.of;
        }
        for (int slot : step.writes()) {
            note(slot, new Met(blocks, of));
        }
    }

    /// The operands that are parts of one whole; a step that needs one whole is rejected.
    private List<Integer> parts(Step.Compute step, Op op) {
        if (op instanceof AttentionOp.Merge) {
            List<Integer> pairs = step.reads();
            for (int i = 0; i < pairs.size(); i += 2) {
                Met one = met.get(pairs.get(i));
                if (one == null || !one.equals(met.get(pairs.get(i + 1)))) {
                    throw PlanVerifier.rejected(
                            program,
                            step,
                            program.slot(pairs.get(i)) + " and its log-sum are of other keys");
                }
            }
            return List.of(pairs.get(0), pairs.get(2));
        }
        var node =
                new Node(
                        op,
                        values(step.reads()),
                        values(step.writes()),
                        step.note().layer(),
                        step.note().origin());
        List<Integer> added = ShardingRules.summands(node).stream().map(step.reads()::get).toList();
        List<Integer> parts = step.reads().stream().filter(met::containsKey).toList();
        if (added.isEmpty() && op instanceof Elementwise.Fused && isAll(parts)) {
            return parts;
        }
        for (int slot : parts) {
            if (!added.contains(slot)) {
                whole(step, slot);
            }
        }
        return added;
    }

    /// True of the last summands of a sum, with which what is computed from it may be fused.
    private boolean isAll(List<Integer> parts) {
        List<Met> each = parts.stream().map(met::get).filter(Objects::nonNull).toList();
        return each.stream().mapToInt(part -> part.blocks().size()).sum() == each.getFirst().of();
    }

    private List<Value> values(List<Integer> slots) {
        return slots.stream().map(id -> new Value(id, program.slot(id).whole())).toList();
    }

    private void pass(Step.Start start, int i) {
        int slot = start.sources().get(i);
        Met part = met.get(slot);
        if (part == null) {
            return;
        }
        if (!(start.op() instanceof Reshard.Rotate)) {
            whole(start, slot);
        }
        note(start.targets().get(i), part.passedOn());
    }

    private void note(int slot, Met part) {
        if (!part.isAll()) {
            met.put(slot, part);
        }
    }

    private void whole(Step step, int slot) {
        if (met.containsKey(slot)) {
            throw PlanVerifier.rejected(
                    program, step, program.slot(slot) + " has met " + told(slot));
        }
    }

    private String told(int slot) {
        Met part = met.getOrDefault(slot, new Met(Set.of(), 0));
        String blocks =
                part.blocks().stream().map(String::valueOf).collect(Collectors.joining(", "));
        return "block %s of the %d in its ring, and is read as a whole"
                .formatted(blocks, part.of());
    }
}
