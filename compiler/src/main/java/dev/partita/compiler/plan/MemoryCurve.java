package dev.partita.compiler.plan;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/// How full a device's arena is while its program runs, step by step, by what the memory is for.
///
/// @param moments where it changes, in order; the first is that of step 0
public record MemoryCurve(List<Moment> moments) {
    public MemoryCurve {
        moments = List.copyOf(moments);
    }

    /// What is in use from step `step` on. A byte counts once, for the first of these uses that it
    /// has at that moment.
    ///
    /// @param between bytes between those in use that are in use themselves at other moments
    public record Moment(
            int step,
            long weights,
            long optimizer,
            long gradients,
            long activations,
            long buffers,
            long between) {
        /// The end of the highest byte in use.
        public long total() {
            return weights + optimizer + gradients + activations + buffers + between;
        }

        private boolean sameAs(Moment other) {
            return equals(
                    new Moment(
                            step,
                            other.weights,
                            other.optimizer,
                            other.gradients,
                            other.activations,
                            other.buffers,
                            other.between));
        }
    }

    /// The curve of a program.
    public static MemoryCurve of(Program program) {
        return new MemoryCurve(new Sweep(program).moments());
    }

    /// The end of the highest byte that is ever in use: the size of the arena.
    public long peakBytes() {
        return moments.stream().mapToLong(Moment::total).max().orElse(0);
    }

    @Override
    public String toString() {
        return "memory of at most %,d bytes, %,d changes".formatted(peakBytes(), moments.size());
    }

    /// Goes through the steps with the arena cut into stretches that begin and end with slots.
    private static final class Sweep {
        private static final List<MemoryUse> USES = List.of(MemoryUse.values());

        private final Program program;
        private final SlotLives lives;
        private final long[] cuts;

        /// How many living slots of each use cover each stretch.
        private final int[][] covers;

        private final long[] bytes = new long[USES.size()];
        private int top = -1;

        Sweep(Program program) {
            this.program = program;
            lives = SlotLives.of(program);
            cuts =
                    program.slots().stream()
                            .flatMapToLong(
                                    slot -> Arrays.stream(new long[] {slot.offset(), slot.end()}))
                            .sorted()
                            .distinct()
                            .toArray();
            covers = new int[cuts.length][USES.size()];
        }

        List<Moment> moments() {
            List<Slot> used =
                    program.slots().stream()
                            .filter(slot -> lives.last(slot.id()) >= lives.first(slot.id()))
                            .toList();
            List<Slot> births = sorted(used, Comparator.comparingInt(s -> lives.first(s.id())));
            List<Slot> deaths = sorted(used, Comparator.comparingInt(s -> lives.last(s.id())));
            List<Moment> moments = new ArrayList<>();
            int born = 0;
            int dead = 0;
            for (int step = 0; step < program.steps().size(); step++) {
                while (dead < deaths.size() && lives.last(deaths.get(dead).id()) < step) {
                    cover(deaths.get(dead++), -1);
                }
                while (born < births.size() && lives.first(births.get(born).id()) <= step) {
                    cover(births.get(born++), 1);
                }
                Moment now = moment(step);
                if (moments.isEmpty() || !now.sameAs(moments.getLast())) {
                    moments.add(now);
                }
            }
            return moments;
        }

        private static List<Slot> sorted(List<Slot> slots, Comparator<Slot> order) {
            return slots.stream().sorted(order).toList();
        }

        private void cover(Slot slot, int more) {
            int from = Arrays.binarySearch(cuts, slot.offset());
            for (int i = from; cuts[i] < slot.end(); i++) {
                int before = use(i);
                covers[i][USES.indexOf(slot.use())] += more;
                int after = use(i);
                long length = cuts[i + 1] - cuts[i];
                if (before >= 0) {
                    bytes[before] -= length;
                }
                if (after >= 0) {
                    bytes[after] += length;
                    top = Math.max(top, i);
                }
            }
            while (top >= 0 && use(top) < 0) {
                top--;
            }
        }

        /// What a stretch is for now, or -1 for nothing.
        private int use(int stretch) {
            for (int use = 0; use < bytes.length; use++) {
                if (covers[stretch][use] > 0) {
                    return use;
                }
            }
            return -1;
        }

        private long bytes(MemoryUse use) {
            return bytes[USES.indexOf(use)];
        }

        private Moment moment(int step) {
            long end = top < 0 ? 0 : cuts[top + 1];
            return new Moment(
                    step,
                    bytes(MemoryUse.WEIGHTS),
                    bytes(MemoryUse.OPTIMIZER),
                    bytes(MemoryUse.GRADIENTS),
                    bytes(MemoryUse.ACTIVATIONS),
                    bytes(MemoryUse.BUFFERS),
                    end - Arrays.stream(bytes).sum());
        }
    }
}
