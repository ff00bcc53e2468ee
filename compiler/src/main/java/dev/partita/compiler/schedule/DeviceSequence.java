package dev.partita.compiler.schedule;

import dev.partita.compiler.partition.LocalGraph;
import dev.partita.dsl.graph.Printed;
import dev.partita.dsl.graph.Value;
import dev.partita.dsl.mesh.Role;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/// The order in which devices do their program, with every collective split into its start and its
/// end.
///
/// @param local the program of all devices
/// @param role which of them do this
/// @param outputs what they return, by name
public record DeviceSequence(
        LocalGraph local, Role role, List<Action> actions, Map<String, Value> outputs)
        implements Printed {
    public DeviceSequence {
        actions = List.copyOf(actions);
        outputs = Collections.unmodifiableMap(new LinkedHashMap<>(outputs));
    }

    @Override
    public String print() {
        return actions.stream().map(a -> "  " + a + "\n").collect(Collectors.joining());
    }
}
