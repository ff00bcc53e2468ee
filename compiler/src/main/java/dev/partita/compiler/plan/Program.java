package dev.partita.compiler.plan;

import java.util.List;
import java.util.stream.Stream;

/// What one device does for one training step.
///
/// @param arenaBytes size of the memory all slots lie in: the device's predicted peak
public record Program(long arenaBytes, List<Slot> slots, List<Binding> bindings, List<Step> steps) {
    public Program {
        slots = List.copyOf(slots);
        bindings = List.copyOf(bindings);
        steps = List.copyOf(steps);
    }

    public Slot slot(int id) {
        return slots.get(id);
    }

    /// The bindings of one kind, in order.
    public <B extends Binding> Stream<B> bindings(Class<B> kind) {
        return bindings.stream().filter(kind::isInstance).map(kind::cast);
    }

    /// The collectives, in the order in which they start.
    public Stream<Step.Start> collectives() {
        return steps.stream().filter(Step.Start.class::isInstance).map(Step.Start.class::cast);
    }
}
