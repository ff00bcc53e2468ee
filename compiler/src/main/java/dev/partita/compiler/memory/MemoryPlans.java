package dev.partita.compiler.memory;

import dev.partita.dsl.graph.Printed;
import java.util.List;
import java.util.stream.Collectors;

/// The memory of the devices of each role, the first that of rank 0.
public record MemoryPlans(List<MemoryPlan> roles) implements Printed {
    public MemoryPlans {
        roles = List.copyOf(roles);
    }

    @Override
    public String print() {
        return roles.stream()
                .map(each ->
                        (roles.size() == 1 ? "" : "at " + each.sequence().role() + ": ")
                                + each.print())
                .collect(Collectors.joining());
    }
}
