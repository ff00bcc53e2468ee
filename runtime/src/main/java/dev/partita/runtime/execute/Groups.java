package dev.partita.runtime.execute;

import dev.partita.compiler.plan.ExecutionPlan;
import dev.partita.dsl.graph.Reshard;
import dev.partita.runtime.collective.Communicator;
import dev.partita.runtime.collective.LocalGroup;
import dev.partita.runtime.collective.WaitClock;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/// The groups of devices that a plan's collectives run over, one per set of ranks.
final class Groups {
    private final ExecutionPlan plan;
    private final Map<List<Integer>, LocalGroup> groups = new LinkedHashMap<>();
    private final List<WaitClock> clocks;

    Groups(ExecutionPlan plan) {
        this.plan = plan;
        clocks = Stream.generate(WaitClock::new).limit(plan.devices()).toList();
        for (int rank = 0; rank < plan.devices(); rank++) {
            int member = rank;
            plan.program(rank)
                    .collectives()
                    .map(start -> plan.group(member, start.op()))
                    .forEach(ranks ->
                            groups.computeIfAbsent(
                                    ranks, r -> new LocalGroup(r.size(), plan.devices())));
        }
    }

    List<LocalGroup> all() {
        return List.copyOf(groups.values());
    }

    /// The access of device `rank` to the group of a collective.
    Communicator communicator(int rank, Reshard.Collective collective) {
        List<Integer> ranks = plan.group(rank, collective);
        LocalGroup group = groups.get(ranks);
        if (group == null) {
            throw new IllegalArgumentException("the plan has no group " + ranks);
        }
        return group.communicator(ranks.indexOf(rank), clocks.get(rank));
    }

    /// How long device `rank` has waited for others.
    WaitClock clock(int rank) {
        return clocks.get(rank);
    }
}
