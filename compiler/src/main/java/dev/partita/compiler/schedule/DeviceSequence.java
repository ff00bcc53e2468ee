package dev.partita.compiler.schedule;

import dev.partita.compiler.partition.LocalGraph;
import java.util.List;
import java.util.stream.Collectors;

/// The order in which a device does its program, with every collective split into its start and its
/// end.
public record DeviceSequence(LocalGraph local, List<Action> actions) {
    public DeviceSequence {
        actions = List.copyOf(actions);
    }

    public String print() {
        return actions.stream().map(a -> "  " + a + "\n").collect(Collectors.joining());
    }
}
