package dev.partita.runtime.collective;

import dev.partita.dsl.graph.Reshard;
import dev.partita.dsl.tensor.TensorType;
import dev.partita.kernels.Buffer;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// What the members share of one collective: their buffers, and how many have come how far. Every
/// counter only grows: in round `r`, counted from 1, a phase is over when its counter reaches `r *
/// members`.
final class Meeting {
    private final LocalGroup group;
    private final Reshard.Collective op;
    private final int tag;
    private final MemorySegment[] sources;
    private final MemorySegment[] targets;
    private final long[] rounds;
    private final Waiting waiting;
    private @Nullable TensorType sourceType;

    /// Members whose source is ready.
    private final AtomicLong ready = new AtomicLong();

    /// Members of an all-reduce that have summed their chunk.
    private final AtomicLong summed = new AtomicLong();

    /// Members that read no other member's memory any more.
    private final AtomicLong done = new AtomicLong();

    Meeting(LocalGroup group, Reshard.Collective op, int tag) {
        this.group = group;
        this.op = op;
        this.tag = tag;
        sources = new MemorySegment[group.members()];
        targets = new MemorySegment[group.members()];
        rounds = new long[group.members()];
        waiting = group.waiting();
    }

    /// Called under the group's lock.
    void join(int rank, Reshard.Collective memberOp, Buffer source, Buffer target) {
        if (!memberOp.equals(op)) {
            throw CollectiveCheck.rejected(tag, memberOp, "another member opened " + op);
        }
        if (sourceType != null && !sourceType.equals(source.type())) {
            throw CollectiveCheck.rejected(
                    tag, op, source.type() + " here, " + sourceType + " at another member");
        }
        CollectiveCheck.check(op, tag, members(), source, target);
        sourceType = source.type();
        sources[rank] = source.memory();
        targets[rank] = target.memory();
    }

    int members() {
        return group.members();
    }

    MemorySegment[] sources() {
        return sources;
    }

    MemorySegment source(int rank) {
        return sources[rank];
    }

    MemorySegment target(int rank) {
        return targets[rank];
    }

    void ready(int rank) {
        rounds[rank]++;
        ready.incrementAndGet();
    }

    void awaitReady(int rank) {
        waiting.until(ready, rounds[rank] * members());
    }

    void summedAndAwait(int rank) {
        summed.incrementAndGet();
        waiting.until(summed, rounds[rank] * members());
    }

    void doneAndAwait(int rank) {
        done.incrementAndGet();
        waiting.until(done, rounds[rank] * members());
    }

    void reset() {
        ready.set(0);
        summed.set(0);
        done.set(0);
        Arrays.fill(rounds, 0);
    }
}
