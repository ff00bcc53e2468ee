package dev.partita.compiler.cost;

import dev.partita.compiler.plan.Arithmetic;
import dev.partita.compiler.plan.Program;
import dev.partita.compiler.plan.Step;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.tensor.Dtype;
import java.util.stream.Stream;

/// How long one device computes a step: whichever is longer, its arithmetic at what the matrix
/// units reach or its memory traffic, and the start of a kernel (Williams et al. 2009, "Roofline").
///
/// Matrix units reach [#REACHED] of their peak on large contractions. Small ones leave
/// multiprocessors without a tile of work: then the last round of tiles counts as whole. Short sums
/// spend their time on filling and emptying the pipeline of a tile, as long as [#FILL] products
/// take.
public final class ComputeCost {
    /// Part of the peak that large contractions reach; the measured ceilings of these devices with
    /// random numbers lie between 0.72 and 0.80 of the published peak.
    static final double REACHED = 0.75;

    /// Part of the memory bandwidth that a kernel reaches.
    static final double STREAMED = 0.85;

    /// Products of a sum that take as long as the start and end of a tile.
    static final double FILL = 128;

    private static final double START_SECONDS = 3e-6;
    private static final double TILE = 128 * 256;

    private ComputeCost() {}

    /// Seconds of one step; none for what is a view or nothing but a check.
    public static double seconds(Program program, Step.Compute step, DeviceSpec device) {
        if (isView(step.op())) {
            return 0;
        }
        double operations = Arithmetic.of(program, step);
        double traffic = traffic(program, step) / (STREAMED * device.bytesPerSecond());
        if (operations == 0) {
            return START_SECONDS + traffic;
        }
        Dtype dtype = program.slot(step.reads().getFirst()).type().dtype();
        double results = elements(program, step);
        double rate = device.peak(dtype) * REACHED * share(results, operations, device);
        return START_SECONDS + Math.max(operations / rate, traffic);
    }

    /// What part of [#REACHED] a contraction of so many results reaches.
    private static double share(double results, double operations, DeviceSpec device) {
        double rounds = Math.max(results / TILE / device.multiprocessors(), 1e-9);
        double length = operations / 2 / results;
        return rounds / Math.ceil(rounds) * length / (length + FILL);
    }

    private static double elements(Program program, Step.Compute step) {
        return step.writes().stream()
                .mapToDouble(slot -> program.slot(slot).type().shape().elements())
                .max()
                .orElse(1);
    }

    /// Bytes read and written. A lookup reads as much as it writes, not its whole table.
    private static double traffic(Program program, Step.Compute step) {
        boolean lookup = step.op() instanceof Op.Embedding;
        Stream<Integer> slots =
                lookup
                        ? Stream.concat(step.writes().stream(), step.writes().stream())
                        : Stream.concat(step.reads().stream(), step.writes().stream());
        return slots.mapToDouble(slot -> program.slot(slot).type().bytes()).sum();
    }

    private static boolean isView(Op op) {
        return op instanceof Op.Flatten
                || op instanceof Op.Unflatten
                || op instanceof Op.MicroBatch;
    }
}
