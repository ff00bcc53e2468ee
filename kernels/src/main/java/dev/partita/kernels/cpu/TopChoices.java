package dev.partita.kernels.cpu;

import dev.partita.dsl.graph.RoutingOp;
import dev.partita.dsl.tensor.Shape;
import dev.partita.kernels.Kernel;
import dev.partita.kernels.KernelRequest;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/// Chooses experts and hands out their slots. Each row's best experts are found once, by as many
/// passes over the row as there are choices; then slots are given choice by choice.
final class TopChoices {
    private final int choices;
    private final long batch;
    private final int length;
    private final int experts;
    private final MemorySegment p;

    /// Of each position of the example at hand its experts, the best first.
    private final int[] best;

    /// What its probabilities are divided by.
    private final float[] sums;

    private TopChoices(int choices, KernelRequest request) {
        this.choices = choices;
        Shape shape = request.operand(0).type().shape();
        batch = shape.size(0);
        length = Math.toIntExact(shape.size(1));
        experts = Math.toIntExact(shape.size(2));
        p = request.operand(0).memory();
        best = new int[Math.multiplyExact(length, choices)];
        sums = new float[length];
    }

    static Kernel route(RoutingOp.Route op, KernelRequest request) {
        var top = new TopChoices(op.choices(), request);
        MemorySegment weights = request.result(0).memory();
        MemorySegment positions = request.result(1).memory();
        MemorySegment chosen = request.result(2).memory();
        MemorySegment dropped = request.result(3).memory();
        int capacity = Math.toIntExact(op.capacity());
        int[] counts = new int[top.experts];
        return () -> {
            weights.fill((byte) 0);
            positions.fill((byte) -1);
            for (long b = 0; b < top.batch; b++) {
                top.choose(b);
                Arrays.fill(counts, 0);
                for (int rank = 0; rank < top.choices; rank++) {
                    for (int s = 0; s < top.length; s++) {
                        int expert = top.best[s * top.choices + rank];
                        int slot = counts[expert]++;
                        if (slot < capacity) {
                            long at = (expert * top.batch + b) * capacity + slot;
                            set(weights, at, top.probability(b, s, expert) / top.sums[s]);
                            positions.setAtIndex(ValueLayout.JAVA_INT, at, s);
                        }
                    }
                }
                for (int e = 0; e < top.experts; e++) {
                    set(chosen, b * top.experts + e, counts[e]);
                    set(dropped, b * top.experts + e, Math.max(0, counts[e] - capacity));
                }
            }
        };
    }

    static Kernel grad(RoutingOp.RouteGrad op, KernelRequest request) {
        var top = new TopChoices(op.choices(), request);
        MemorySegment positions = request.operand(1).memory();
        MemorySegment dweights = request.operand(2).memory();
        MemorySegment dp = request.result(0).memory();
        long capacity = request.operand(1).type().shape().size(2);
        return () -> {
            dp.fill((byte) 0);
            for (int e = 0; e < top.experts; e++) {
                for (long b = 0; b < top.batch; b++) {
                    long first = (e * top.batch + b) * capacity;
                    for (long at = first; at < first + capacity; at++) {
                        int s = positions.getAtIndex(ValueLayout.JAVA_INT, at);
                        if (s >= 0 && s < top.length) {
                            set(dp, top.row(b, s) + e, get(dweights, at));
                        }
                    }
                }
            }
            for (long b = 0; top.choices > 1 && b < top.batch; b++) {
                top.choose(b);
                for (int s = 0; s < top.length; s++) {
                    top.share(dp, b, s);
                }
            }
        };
    }

    /// Finds the best experts of every position of an example.
    private void choose(long b) {
        for (int s = 0; s < length; s++) {
            float sum = 0;
            for (int rank = 0; rank < choices; rank++) {
                int expert = next(row(b, s), s * choices, rank);
                best[s * choices + rank] = expert;
                sum += probability(b, s, expert);
            }
            sums[s] = choices == 1 ? 1 : sum;
        }
    }

    /// The best expert of a row but for those found, which stand from `first` on; of equal ones the
    /// first, and of numbers that are none too.
    private int next(long row, int first, int found) {
        int next = -1;
        float most = 0;
        for (int e = 0; e < experts; e++) {
            float value = get(p, row + e);
            if ((next < 0 || value > most) && !isAmong(e, first, found)) {
                next = e;
                most = value;
            }
        }
        return next;
    }

    private boolean isAmong(int expert, int first, int found) {
        for (int i = first; i < first + found; i++) {
            if (best[i] == expert) {
                return true;
            }
        }
        return false;
    }

    /// From gradients of the shares of a sum to those of the probabilities.
    private void share(MemorySegment dp, long b, int s) {
        float mean = 0;
        for (int i = s * choices; i < (s + 1) * choices; i++) {
            mean += get(dp, row(b, s) + best[i]) * probability(b, s, best[i]) / sums[s];
        }
        for (int i = s * choices; i < (s + 1) * choices; i++) {
            long at = row(b, s) + best[i];
            set(dp, at, (get(dp, at) - mean) / sums[s]);
        }
    }

    private long row(long b, int s) {
        return (b * length + s) * experts;
    }

    private float probability(long b, int s, int expert) {
        return get(p, row(b, s) + expert);
    }

    private static float get(MemorySegment memory, long at) {
        return memory.getAtIndex(ValueLayout.JAVA_FLOAT, at);
    }

    private static void set(MemorySegment memory, long at, float value) {
        memory.setAtIndex(ValueLayout.JAVA_FLOAT, at, value);
    }
}
