package dev.partita.runtime.collective;

import dev.partita.dsl.graph.Reshard;
import dev.partita.kernels.Buffer;

/// One member's access to its group.
public interface Communicator {
    /// Binds a collective to this member's buffers. Every member opens the same collective under
    /// the same tag, before any of them starts it; several may be under way at once. For an
    /// all-reduce, source and target may be the same memory.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `PlanRejected` if the buffers do not fit
    ///   the op or what the other members opened under this tag, `Unsupported` if it sums a type
    ///   that has no sum
    PendingCollective open(Reshard.Collective op, int tag, Buffer source, Buffer target);
}
