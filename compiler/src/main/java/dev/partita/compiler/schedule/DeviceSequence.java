package dev.partita.compiler.schedule;

import dev.partita.compiler.partition.LocalGraph;
import dev.partita.dsl.graph.Printed;
import java.util.List;
import java.util.stream.Collectors;

/// The order in which a device does its program, with every collective split into its start and its
/// end.
public record DeviceSequence(LocalGraph local, List<Action> actions) implements Printed {
    public DeviceSequence {
        actions = List.copyOf(actions);
    }

    @Override
    public String print() {
        return actions.stream().map(a -> "  " + a + "\n").collect(Collectors.joining());
    }
}
