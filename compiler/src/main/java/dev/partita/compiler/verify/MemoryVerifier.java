package dev.partita.compiler.verify;

import dev.partita.compiler.plan.Binding;
import dev.partita.compiler.plan.Program;
import dev.partita.compiler.plan.Slot;
import dev.partita.compiler.plan.Step;
import dev.partita.dsl.graph.AttentionOp;
import dev.partita.dsl.graph.Elementwise;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Reshard;
import dev.partita.dsl.graph.ResultTypes;
import dev.partita.dsl.graph.Update;
import dev.partita.dsl.mesh.Coordinate;
import dev.partita.dsl.mesh.Placement;
import dev.partita.dsl.mesh.Role;
import dev.partita.dsl.problem.Origin;
import dev.partita.dsl.problem.ProblemException;
import dev.partita.dsl.tensor.TensorType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;

/// Walks a program once as the device will, keeping track of which slots hold what they are named
/// for.
///
/// A slot becomes valid when a step writes it and stops being so when a step writes over one of its
/// bytes. While a collective is on its way, nobody may read its targets or write its sources or
/// targets; others may read its sources.
final class MemoryVerifier {
    private final Program program;
    private final Role role;
    private final Set<Integer> valid = new HashSet<>();
    private final Map<Integer, Step.Start> pending = new HashMap<>();

    /// @param role the devices that run the program
    MemoryVerifier(Program program, Role role) {
        this.program = program;
        this.role = role;
    }

    void verify() {
        checkSlots();
        program.bindings().stream()
                .filter(b -> !(b instanceof Binding.Output))
                .forEach(b -> valid.add(b.slot()));
        for (Step step : program.steps()) {
            switch (step) {
                case Step.Compute compute -> compute(compute);
                case Step.Start start -> start(start);
                case Step.Finish finish -> finish(finish);
                case Step.RequireFinite check -> check(check);
            }
        }
        if (!pending.isEmpty()) {
            throw PlanVerifier.rejected(
                    program,
                    pending.values().iterator().next(),
                    "this collective is never waited for");
        }
        for (Binding binding : program.bindings()) {
            boolean holds =
                    switch (binding) {
                        case Binding.Input _ -> true;
                        case Binding.Parameter _, Binding.State _ ->
                                holdsSame(program.slot(binding.slot()));
                        case Binding.Output output -> valid.contains(output.slot());
                    };
            if (!holds) {
                throw rejected(
                        program.slot(binding.slot()),
                        "a named value does not last to the end of the step: " + binding);
            }
        }
    }

    /// True if the slot, or the updated value over it, is valid: the next step will find it there.
    private boolean holdsSame(Slot slot) {
        return valid.stream()
                .map(program::slot)
                .anyMatch(s ->
                        s.offset() == slot.offset()
                                && s.type().equals(slot.type())
                                && s.placement().equals(slot.placement()));
    }

    private void checkSlots() {
        for (Slot slot : program.slots()) {
            boolean inside = slot.offset() >= 0 && slot.end() <= program.arenaBytes();
            if (!inside || slot.offset() % slot.type().dtype().bytes() != 0) {
                throw rejected(
                        slot,
                        "%s lies outside the arena of %d bytes or between elements"
                                .formatted(slot, program.arenaBytes()));
            }
            if (!slot.placement().local(slot.whole(), role.mesh()).equals(slot.type())) {
                throw rejected(slot, slot + " is no block of its tensor: " + slot.type());
            }
        }
        Map<List<Coordinate>, Boolean> held = new HashMap<>();
        for (Slot slot : program.slots()) {
            if (!held.computeIfAbsent(slot.placement().at(), _ -> isHeldByAll(slot))) {
                throw rejected(slot, slot + " lives elsewhere: " + slot.placement());
            }
        }
    }

    private boolean isHeldByAll(Slot slot) {
        return role.ranks().stream().allMatch(rank -> slot.placement().isHeldBy(role.mesh(), rank));
    }

    /// A Problem of a slot, at the first step that names it or else lies over it.
    private RuntimeException rejected(Slot slot, String because) {
        for (int attempt = 0; attempt < 2; attempt++) {
            for (Step step : program.steps()) {
                for (int id : named(step)) {
                    if (id == slot.id() || (attempt == 1 && program.slot(id).overlaps(slot))) {
                        return PlanVerifier.rejected(program, step, because);
                    }
                }
            }
        }
        return PlanVerifier.rejected(because, List.of(slot.toString()), Origin.UNKNOWN);
    }

    private static List<Integer> named(Step step) {
        List<Integer> slots = new ArrayList<>();
        switch (step) {
            case Step.Compute compute -> {
                slots.addAll(compute.reads());
                slots.addAll(compute.writes());
            }
            case Step.Start start -> {
                slots.addAll(start.sources());
                slots.addAll(start.targets());
            }
            case Step.Finish _ -> {}
            case Step.RequireFinite check -> slots.add(check.slot());
        }
        return slots;
    }

    private void compute(Step.Compute step) {
        step.reads().forEach(slot -> read(step, slot));
        List<TensorType> expected = resultTypes(step, step.op(), step.reads());
        if (!(step.op() instanceof Op.Leaf) && !expected.equals(types(step.writes()))) {
            throw PlanVerifier.rejected(
                    program, step, "its results are " + expected + " by the op's rule");
        }
        for (int write : step.writes()) {
            for (int read : step.reads()) {
                Slot to = program.slot(write);
                Slot from = program.slot(read);
                boolean exactly =
                        to.offset() == from.offset() && to.type().bytes() == from.type().bytes();
                if (to.overlaps(from) && !(exactly && mayWorkInPlace(step.op())) && !isView(step)) {
                    throw PlanVerifier.rejected(
                            program, step, to + " is written while " + from + " is read");
                }
            }
        }
        if (isView(step)) {
            valid.addAll(step.writes());
        } else {
            step.writes().forEach(slot -> write(step, slot));
        }
    }

    /// A reshape over its own operand, a part where it lies, or what a root keeps, changes no byte:
    /// both names are good.
    private boolean isView(Step.Compute step) {
        return switch (step.op()) {
            case Op.Flatten _, Op.Unflatten _, Reshard.Relocate _ -> distance(step) == 0;
            case Op.MicroBatch(int index) ->
                    distance(step) == index * program.slot(step.writes().getFirst()).type().bytes();
            case Op _ -> false;
        };
    }

    /// Bytes from the first slot read to the first slot written.
    private long distance(Step.Compute step) {
        return program.slot(step.writes().getFirst()).offset()
                - program.slot(step.reads().getFirst()).offset();
    }

    private static boolean mayWorkInPlace(Op op) {
        return op instanceof Elementwise
                || op instanceof Op.ScaleBy
                || op instanceof AttentionOp.Merge
                || op instanceof Update
                || op instanceof Op.Flatten
                || op instanceof Op.Unflatten;
    }

    /// What devices decide by must be the same number on all that decide.
    private void check(Step.RequireFinite step) {
        read(step, step.slot());
        step.lossScale().forEach(slot -> read(step, slot));
        Slot slot = program.slot(step.slot());
        if (!slot.placement().isWhole()) {
            throw PlanVerifier.rejected(
                    program,
                    step,
                    slot + " is " + slot.placement() + ": each device would decide for itself");
        }
    }

    /// What a device brings and gets must fit if it does both; if it does one, the other devices'
    /// programs are asked by [CollectiveVerifier].
    private void start(Step.Start step) {
        step.sources().forEach(slot -> read(step, slot));
        if (!step.sources().isEmpty() && !step.targets().isEmpty()) {
            List<TensorType> expected = resultTypes(step, step.op(), step.sources());
            if (!expected.equals(types(step.targets()))) {
                throw PlanVerifier.rejected(
                        program, step, "its results are " + expected + " by the op's rule");
            }
            for (int i = 0; i < step.sources().size(); i++) {
                moves(
                        step,
                        program.slot(step.sources().get(i)),
                        program.slot(step.targets().get(i)));
            }
        }
        apart(step);
        step.targets().forEach(slot -> untouched(step, slot));
        pending.put(step.tag(), step);
    }

    private void moves(Step.Start step, Slot source, Slot target) {
        Placement after = Moved.after(program, step, source.placement());
        if (!target.placement().equals(after)) {
            throw PlanVerifier.rejected(
                    program, step, "it takes " + source.placement() + " to " + after);
        }
        boolean inPlace =
                step.op() instanceof Reshard.AllReduce || step.op() instanceof Reshard.Reduce;
        if (source.overlaps(target) && (source.offset() != target.offset() || !inPlace)) {
            throw PlanVerifier.rejected(program, step, target + " lies over a part of " + source);
        }
    }

    /// The target of one value lies over no other value.
    private void apart(Step.Start step) {
        for (int i = 0; i < step.targets().size(); i++) {
            Slot target = program.slot(step.targets().get(i));
            if (overlapsOther(target, i, step.sources())
                    || overlapsOther(target, i, step.targets())) {
                throw PlanVerifier.rejected(
                        program, step, target + " lies over a part of another value");
            }
        }
    }

    private boolean overlapsOther(Slot target, int own, List<Integer> slots) {
        return IntStream.range(0, slots.size())
                .anyMatch(i -> i != own && target.overlaps(program.slot(slots.get(i))));
    }

    private void finish(Step.Finish step) {
        Step.Start start = pending.remove(step.tag());
        if (start == null) {
            throw PlanVerifier.rejected(
                    program, step, "collective #" + step.tag() + " has not started");
        }
        start.targets().forEach(slot -> write(step, slot));
    }

    private void read(Step step, int id) {
        Slot slot = program.slot(id);
        if (!valid.contains(id)) {
            throw PlanVerifier.rejected(
                    program,
                    step,
                    slot + " is read before it is written, or after it was written over");
        }
        for (Step.Start start : pending.values()) {
            for (int target : start.targets()) {
                if (program.slot(target).overlaps(slot)) {
                    throw PlanVerifier.rejected(
                            program,
                            step,
                            slot + " is read while collective #" + start.tag() + " writes it");
                }
            }
        }
    }

    private void write(Step step, int id) {
        untouched(step, id);
        Slot slot = program.slot(id);
        valid.removeIf(other -> program.slot(other).overlaps(slot));
        valid.add(id);
    }

    private void untouched(Step step, int id) {
        for (Step.Start start : pending.values()) {
            List<Integer> held = new ArrayList<>(start.sources());
            held.addAll(start.targets());
            for (int other : held) {
                if (program.slot(other).overlaps(program.slot(id))) {
                    throw PlanVerifier.rejected(
                            program,
                            step,
                            program.slot(id)
                                    + " is touched while collective #"
                                    + start.tag()
                                    + " is on its way");
                }
            }
        }
    }

    private List<TensorType> resultTypes(Step step, Op op, List<Integer> operands) {
        try {
            return ResultTypes.of(op, types(operands));
        } catch (ProblemException e) {
            throw PlanVerifier.rejected(program, step, e.problem().sentence());
        }
    }

    private List<TensorType> types(List<Integer> ids) {
        return ids.stream().map(id -> program.slot(id).type()).toList();
    }
}
