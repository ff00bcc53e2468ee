package dev.partita.compiler.search;

import dev.partita.compiler.plan.ExecutionPlan;
import dev.partita.compiler.plan.Program;
import dev.partita.compiler.plan.Slot;
import dev.partita.dsl.tensor.Dim;
import dev.partita.dsl.tensor.Shape;
import dev.partita.dsl.tensor.TensorType;
import java.util.List;

/// Plans of micro-batches of another size. Steps stay what they are, and blocks of examples become
/// larger: enough to tell how long they take, not to run them, for the larger blocks are given no
/// place in the arena.
final class MicroBatchSize {
    private MicroBatchSize() {}

    /// The same steps on so many times the examples.
    static ExecutionPlan times(ExecutionPlan plan, long factor) {
        return factor == 1
                ? plan
                : new ExecutionPlan(
                        plan.model(),
                        plan.mesh(),
                        plan.programs().stream().map(each -> times(each, factor)).toList(),
                        plan.programOf());
    }

    private static Program times(Program program, long factor) {
        List<Slot> slots =
                program.slots().stream()
                        .map(slot -> isOfExamples(slot) ? times(slot, factor) : slot)
                        .toList();
        return new Program(program.arenaBytes(), slots, program.bindings(), program.steps());
    }

    private static Slot times(Slot slot, long factor) {
        Shape shape = slot.type().shape();
        int batch = shape.indexOf("batch");
        Dim dim = new Dim("batch", factor * shape.size(batch));
        var type = new TensorType(slot.type().dtype(), shape.with(batch, dim));
        return new Slot(slot.id(), slot.offset(), type, slot.whole(), slot.placement(), slot.use());
    }

    /// True for a block that is larger where a micro-batch has more examples.
    static boolean isOfExamples(Slot slot) {
        return slot.type().shape().indexOf("batch") >= 0;
    }
}
