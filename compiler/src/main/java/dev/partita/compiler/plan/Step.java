package dev.partita.compiler.plan;

import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Reshard;
import java.util.List;

/// One thing a device does; slots are named by id.
public sealed interface Step {
    /// Position in the program, from 0.
    int id();

    Note note();

    /// Runs one op's kernel. A written slot may lie exactly over a read one: then the op works in
    /// place.
    record Compute(int id, Op op, List<Integer> reads, List<Integer> writes, Note note)
            implements Step {
        public Compute {
            reads = List.copyOf(reads);
            writes = List.copyOf(writes);
        }

        /// True for an op whose result lies where its operand does, so that there is nothing to do.
        public boolean isView() {
            return op instanceof Op.Flatten
                    || op instanceof Op.Unflatten
                    || op instanceof Op.MicroBatch
                    || op instanceof Reshard.Relocate;
        }
    }

    /// Makes the source slots ready for a collective and goes on; the targets are complete after
    /// the [Finish] of the same tag, and neither may be touched before. An all-reduce may join
    /// several slots, which then lie one behind the other; a target may lie over its source. An
    /// all-gather, reduce-scatter or rooted collective may take several slots, which lie anywhere;
    /// a target of a reduce may lie over its source.
    ///
    /// A device has the sources that it brings and the targets that it gets: the root of a
    /// broadcast no targets, the others of a reduce no targets, who receives no sources.
    ///
    /// @param tag number of the collective, ascending in a program and equal on all members of its
    ///   group
    record Start(
            int id,
            int tag,
            Reshard.Collective op,
            List<Integer> sources,
            List<Integer> targets,
            Note note)
            implements Step {
        public Start {
            sources = List.copyOf(sources);
            targets = List.copyOf(targets);
        }
    }

    /// Waits for the collective of this tag.
    record Finish(int id, int tag, Note note) implements Step {}

    /// Ends the step here, for all devices and before any weight changes, unless the scalar in
    /// `slot`, the same on all devices that check it, is finite. Every device that changes a weight
    /// checks it.
    ///
    /// @param lossScale empty, or the slots of the loss scale and of its good steps: then the step
    ///   is run again with half the scale, until that would be less than 1
    record RequireFinite(int id, int slot, List<Integer> lossScale, String what, Note note)
            implements Step {
        public RequireFinite {
            lossScale = List.copyOf(lossScale);
        }
    }
}
