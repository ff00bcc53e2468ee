package dev.partita.compiler.memory;

import dev.partita.compiler.schedule.DeviceSequence;
import dev.partita.dsl.graph.Printed;
import dev.partita.dsl.graph.Value;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/// Where each value of a device lies in its arena.
///
/// @param offsets first byte of each value
/// @param arenaBytes end of the highest byte in use: the device's peak
public record MemoryPlan(DeviceSequence sequence, Map<Value, Long> offsets, long arenaBytes)
        implements Printed {
    public MemoryPlan {
        offsets = Collections.unmodifiableMap(new LinkedHashMap<>(offsets));
    }

    public long offset(Value value) {
        Long offset = offsets.get(value);
        if (offset == null) {
            throw new IllegalArgumentException("no memory for " + value);
        }
        return offset;
    }

    @Override
    public String print() {
        var text = new StringBuilder("arena " + arenaBytes + " bytes\n");
        offsets.forEach((value, offset) ->
                text.append("  %10d  %s : %s%n".formatted(offset, value, value.type())));
        return text.toString();
    }
}
