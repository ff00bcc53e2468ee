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

    /// A step of this program as the printed plan shows it.
    public String printed(Step step) {
        return PlanPrinter.line(this, step);
    }

    /// First byte and number of bytes that these slots cover together.
    public Span span(List<Integer> ids) {
        long from = Long.MAX_VALUE;
        long to = 0;
        for (int id : ids) {
            from = Math.min(from, slot(id).offset());
            to = Math.max(to, slot(id).end());
        }
        return new Span(from, to - from);
    }

    /// A range of the arena.
    public record Span(long offset, long bytes) {}

    /// The bindings of one kind, in order.
    public <B extends Binding> Stream<B> bindings(Class<B> kind) {
        return bindings.stream().filter(kind::isInstance).map(kind::cast);
    }

    /// What the device brings to collectives.
    public long sentBytes() {
        return collectives()
                .flatMap(start -> start.sources().stream())
                .mapToLong(slot -> slot(slot).type().bytes())
                .sum();
    }

    /// The collectives, in the order in which they start.
    public Stream<Step.Start> collectives() {
        return steps.stream().filter(Step.Start.class::isInstance).map(Step.Start.class::cast);
    }
}
