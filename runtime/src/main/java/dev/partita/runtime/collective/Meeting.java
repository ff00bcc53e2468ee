package dev.partita.runtime.collective;

import dev.partita.dsl.graph.Reshard;
import dev.partita.dsl.tensor.TensorType;
import dev.partita.kernels.Buffer;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/// What the members share of one collective: their buffers, and how many have come how far. Every
/// counter only grows: in round `r`, counted from 1, a phase is over when its counter reaches `r *
/// members`.
final class Meeting {
    private final LocalGroup group;
    private final Reshard.Collective op;
    private final int tag;
    private final MemorySegment[][] sources;
    private final MemorySegment[][] targets;
    private final long[] rounds;
    private final Waiting waiting;
    private List<TensorType> sourceTypes = List.of();

    /// Members whose source is ready.
    private final AtomicLong ready = new AtomicLong();

    /// Members of an all-reduce that have summed their chunk.
    private final AtomicLong summed = new AtomicLong();

    /// Members that read no other member's memory any more.
    private final AtomicLong done = new AtomicLong();

    Meeting(LocalGroup group, Reshard.Collective op, int tag, int values) {
        this.group = group;
        this.op = op;
        this.tag = tag;
        sources = new MemorySegment[values][group.members()];
        targets = new MemorySegment[values][group.members()];
        rounds = new long[group.members()];
        waiting = group.waiting();
    }

    /// Called under the group's lock.
    void join(
            int rank,
            Reshard.Collective memberOp,
            List<Buffer> memberSources,
            List<Buffer> memberTargets) {
        if (!memberOp.equals(op)) {
            throw CollectiveCheck.rejected(tag, memberOp, "another member opened " + op);
        }
        List<TensorType> types = memberSources.stream().map(Buffer::type).toList();
        if (!sourceTypes.isEmpty() && !sourceTypes.equals(types)) {
            throw CollectiveCheck.rejected(
                    tag, op, types + " here, " + sourceTypes + " at another member");
        }
        if (types.size() != sources.length || memberTargets.size() != sources.length) {
            throw CollectiveCheck.rejected(tag, op, "each source needs one target");
        }
        for (int value = 0; value < sources.length; value++) {
            CollectiveCheck.check(
                    op, tag, members(), memberSources.get(value), memberTargets.get(value));
            sources[value][rank] = memberSources.get(value).memory();
            targets[value][rank] = memberTargets.get(value).memory();
        }
        sourceTypes = types;
    }

    int members() {
        return group.members();
    }

    /// All members' sources of one value.
    MemorySegment[] sources(int value) {
        return sources[value];
    }

    MemorySegment source(int value, int rank) {
        return sources[value][rank];
    }

    MemorySegment target(int value, int rank) {
        return targets[value][rank];
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
