package dev.partita.compiler.plan;

import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Reshard;
import java.util.List;

/// One thing a device does; slots are named by id.
public sealed interface Step {
    /// Position in the program, from 0.
    int id();

    Note note();

    /// Runs one op's kernel. A slot that is both read and written is updated in place.
    record Compute(int id, Op op, List<Integer> reads, List<Integer> writes, Note note) implements Step {
        public Compute {
            reads = List.copyOf(reads);
            writes = List.copyOf(writes);
        }
    }

    /// Makes `source` ready for a collective and goes on; `target` is complete after the [Finish] of the same tag. Source and
    /// target may be one slot.
    ///
    /// @param tag number of the collective, equal on all members of its group
    record Start(int id, int tag, Reshard.Collective op, int source, int target, Note note) implements Step {}

    /// Waits for the collective of this tag.
    record Finish(int id, int tag, Note note) implements Step {}

    /// Ends the step here, on all devices alike and before any weight changes, unless the scalar in `slot` is finite.
    record RequireFinite(int id, int slot, String what, Note note) implements Step {}
}
