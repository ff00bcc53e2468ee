package dev.partita.compiler.schedule;

import dev.partita.dsl.graph.Printed;
import java.util.List;
import java.util.stream.Collectors;

/// What the devices of each role do. Every device has one role; the first role is that of rank 0.
public record RoleSequences(List<DeviceSequence> roles) implements Printed {
    public RoleSequences {
        roles = List.copyOf(roles);
    }

    @Override
    public String print() {
        return roles.stream()
                .map(each -> (roles.size() == 1 ? "" : "at " + each.role() + "\n") + each.print())
                .collect(Collectors.joining());
    }
}
