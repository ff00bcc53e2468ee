package dev.partita.runtime.collective;

import dev.partita.dsl.graph.Reshard;
import dev.partita.kernels.Buffer;
import java.util.List;

/// One member's access to its group.
public interface Communicator {
    /// Binds a collective to this member's buffers. Every member opens the same collective under
    /// the same tag, before any of them starts it; several may be under way at once. For an
    /// all-reduce, source and target may be the same memory.
    ///
    /// Several values may be communicated at once, as one bucket: target `i` is what becomes of
    /// source `i`. A member that brings nothing has no sources, one that gets nothing no targets.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `PlanRejected` if the buffers do not fit
    ///   the op or what the other members opened under this tag, `Unsupported` if it sums a type
    ///   that has no sum
    PendingCollective open(
            Reshard.Collective op, int tag, List<Buffer> sources, List<Buffer> targets);

    /// Binds a collective of one value.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException as for several values
    default PendingCollective open(Reshard.Collective op, int tag, Buffer source, Buffer target) {
        return open(op, tag, List.of(source), List.of(target));
    }
}
