package dev.partita.compiler.plan;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/// A device's memory by what it is for, in bytes. Weights, gradients and optimizer state count
/// whatever they take; any other byte of the arena counts once, for the first of these uses that it
/// ever has, and what lies between blocks counts as buffers. The parts add up to the total, and to
/// what is shared.
///
/// With everything in `f32` and Adam, a device without ZeRO has 4 bytes of weights, 4 of gradients
/// and 8 of optimizer state per parameter. Where ops read half copies of weights, the copies are
/// its weights, and what they are rounded from is optimizer state: 2, 4 and 12 bytes, or 2, 2 and
/// 12 with rounded gradients (Rajbhandari et al. 2020, section 3.1).
///
/// @param shared what gradients take where copies of weights lay that nobody reads any more
/// @param total size of the arena, the device's peak
public record MemoryBytes(
        long weights,
        long gradients,
        long optimizer,
        long activations,
        long buffers,
        long shared,
        long total) {
    /// The memory of the device of a plan that takes most.
    static MemoryBytes of(ExecutionPlan plan) {
        return of(plan.fullest());
    }

    /// The memory of a device that runs this program.
    public static MemoryBytes of(Program program) {
        Map<MemoryUse, Long> bytes = new EnumMap<>(MemoryUse.class);
        List<Range> taken = new ArrayList<>();
        for (MemoryUse use : MemoryUse.values()) {
            List<Range> ranges = new ArrayList<>(taken);
            ranges.addAll(ranges(program, use));
            List<Range> union = union(ranges);
            bytes.put(use, length(union) - length(taken));
            taken = union;
        }
        long between = program.arenaBytes() - length(taken);
        long gradients = length(union(ranges(program, MemoryUse.GRADIENTS)));
        return new MemoryBytes(
                bytes.getOrDefault(MemoryUse.WEIGHTS, 0L),
                gradients,
                bytes.getOrDefault(MemoryUse.OPTIMIZER, 0L),
                bytes.getOrDefault(MemoryUse.ACTIVATIONS, 0L),
                bytes.getOrDefault(MemoryUse.BUFFERS, 0L) + between,
                gradients - bytes.getOrDefault(MemoryUse.GRADIENTS, 0L),
                program.arenaBytes());
    }

    /// Bytes of the arena that these slots cover together.
    public static long covered(List<Slot> slots) {
        return length(union(slots.stream().map(s -> new Range(s.offset(), s.end())).toList()));
    }

    private static List<Range> ranges(Program program, MemoryUse use) {
        return program.slots().stream()
                .filter(slot -> slot.use() == use)
                .map(slot -> new Range(slot.offset(), slot.end()))
                .toList();
    }

    private record Range(long from, long to) {}

    private static long length(List<Range> ranges) {
        return ranges.stream().mapToLong(r -> r.to() - r.from()).sum();
    }

    /// The same bytes as ranges that do not touch, in order.
    private static List<Range> union(List<Range> ranges) {
        List<Range> union = new ArrayList<>();
        ranges.stream()
                .sorted(Comparator.comparingLong(Range::from))
                .forEach(range -> {
                    Range last = union.isEmpty() ? range : union.getLast();
                    boolean touches = !union.isEmpty() && range.from() <= last.to();
                    if (touches) {
                        union.removeLast();
                    }
                    union.add(
                            touches
                                    ? new Range(last.from(), Math.max(last.to(), range.to()))
                                    : range);
                });
        return union;
    }
}
