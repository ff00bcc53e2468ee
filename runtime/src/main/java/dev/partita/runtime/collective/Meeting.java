package dev.partita.runtime.collective;

import dev.partita.dsl.graph.Reshard;
import dev.partita.dsl.tensor.TensorType;
import dev.partita.kernels.Buffer;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;

/// What the members share of one collective: their buffers, and how many have come how far. Every
/// counter only grows: in round `r`, counted from 1, a phase is over when its counter reaches `r`
/// times the number of members that have a part in it.
final class Meeting {
    private final LocalGroup group;
    private final Reshard.Collective op;
    private final int tag;
    private final int values;
    private final int givers;
    private final int takers;
    private final MemorySegment[][] sources;
    private final MemorySegment[][] targets;
    private final long[] rounds;
    private final WaitClock[] clocks;
    private final Waiting waiting;
    private List<TensorType> sourceTypes = List.of();
    private List<TensorType> targetTypes = List.of();

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
        this.values = values;
        givers = (int) IntStream.range(0, group.members()).filter(op::gives).count();
        takers = (int) IntStream.range(0, group.members()).filter(op::takes).count();
        sources = new MemorySegment[values][group.members()];
        targets = new MemorySegment[values][group.members()];
        rounds = new long[group.members()];
        clocks = new WaitClock[group.members()];
        waiting = group.waiting();
    }

    /// Called under the group's lock.
    void join(
            int rank,
            Reshard.Collective memberOp,
            List<Buffer> memberSources,
            List<Buffer> memberTargets,
            WaitClock clock) {
        if (!memberOp.equals(op)) {
            throw CollectiveCheck.rejected(tag, memberOp, "another member opened " + op);
        }
        requireCount(op.gives(rank), memberSources, "bring");
        requireCount(op.takes(rank), memberTargets, "get");
        sourceTypes = same(sourceTypes, memberSources);
        targetTypes = same(targetTypes, memberTargets);
        CollectiveCheck.check(op, tag, group.members(), sourceTypes, targetTypes);
        for (int value = 0; value < memberSources.size(); value++) {
            sources[value][rank] = memberSources.get(value).memory();
        }
        for (int value = 0; value < memberTargets.size(); value++) {
            targets[value][rank] = memberTargets.get(value).memory();
        }
        for (int value = 0; value < Math.min(memberSources.size(), memberTargets.size()); value++) {
            CollectiveCheck.requireApart(
                    op, tag, group.members(), sources[value][rank], targets[value][rank]);
        }
        clocks[rank] = clock;
    }

    private void requireCount(boolean has, List<Buffer> buffers, String word) {
        if (buffers.size() != (has ? values : 0)) {
            throw CollectiveCheck.rejected(
                    tag,
                    op,
                    "a member is to %s %d values and has %d buffers"
                            .formatted(word, has ? values : 0, buffers.size()));
        }
    }

    /// The types that all members have that have any.
    private List<TensorType> same(List<TensorType> known, List<Buffer> buffers) {
        List<TensorType> types = buffers.stream().map(Buffer::type).toList();
        if (!known.isEmpty() && !types.isEmpty() && !known.equals(types)) {
            throw CollectiveCheck.rejected(
                    tag, op, types + " here, " + known + " at another member");
        }
        return types.isEmpty() ? known : types;
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

    /// A member begins a round; its source, if it has one, is ready.
    void start(int rank) {
        rounds[rank]++;
        if (op.gives(rank)) {
            ready.incrementAndGet();
        }
    }

    /// Returns when all sources are ready.
    void awaitReady(int rank) {
        waiting.until(ready, rounds[rank] * givers, clocks[rank]);
    }

    void summedAndAwait(int rank) {
        summed.incrementAndGet();
        waiting.until(summed, rounds[rank] * takers, clocks[rank]);
    }

    /// A member has taken what it gets; returns when nobody reads its source any more.
    void done(int rank) {
        if (op.takes(rank)) {
            done.incrementAndGet();
        }
        if (op.gives(rank)) {
            waiting.until(done, rounds[rank] * takers, clocks[rank]);
        }
    }

    void reset() {
        ready.set(0);
        summed.set(0);
        done.set(0);
        Arrays.fill(rounds, 0);
    }
}
