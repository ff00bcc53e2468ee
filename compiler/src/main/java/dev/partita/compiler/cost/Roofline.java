package dev.partita.compiler.cost;

import dev.partita.compiler.plan.Arithmetic;
import dev.partita.compiler.plan.Program;
import dev.partita.compiler.plan.Step;
import dev.partita.dsl.graph.AttentionOp;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Wide;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.dsl.tensor.Shape;
import java.util.stream.Stream;

/// The time of a step from what a device can do: whichever is longer, its arithmetic at what the
/// matrix units reach or its memory traffic, and the start of a kernel (Williams et al. 2009,
/// "Roofline").
///
/// See [Efficiency] for the curve over shapes.
///
/// @param scores what attention does with its scores; unless it is `NONE`, they go through memory
public record Roofline(DeviceSpec device, StoredScores scores) implements ComputeCost {
    @Override
    public double seconds(Program program, Step.Compute step) {
        if (step.isView()) {
            return 0;
        }
        double operations = Arithmetic.of(program, step);
        double traffic =
                traffic(program, step) / (device.efficiency().memory() * device.bytesPerSecond());
        double start = device.efficiency().startSeconds();
        if (operations == 0) {
            return start + traffic;
        }
        if (Wide.inside(step.op()) instanceof AttentionOp attention) {
            return start + attention(program, step, attention, operations) + traffic;
        }
        Dtype dtype = program.slot(step.reads().getFirst()).type().dtype();
        double results = elements(program, step);
        double rate = device.peak(dtype) * reached(results, operations / 2 / results);
        return start + Math.max(operations / rate, traffic);
    }

    private double reached(double results, double length) {
        return device.efficiency().of(results, length, device.multiprocessors());
    }

    private double attention(
            Program program, Step.Compute step, AttentionOp attention, double operations) {
        Shape queries = program.slot(step.reads().get(0)).type().shape();
        Shape keys = program.slot(step.reads().get(1)).type().shape();
        Dtype dtype = program.slot(step.reads().getFirst()).type().dtype();
        if (scores == StoredScores.NONE) {
            return operations / (device.peak(dtype) * device.efficiency().attention());
        }
        // the libraries that stored scores computed all of them, causal or not
        boolean backward = attention instanceof AttentionOp.AttentionGrad;
        double forwards = backward ? (scores == StoredScores.AGAIN ? 3 : 2) : 1;
        double pairs =
                (double) queries.elements() / queries.size(queries.rank() - 1) * keys.size(1);
        double contractions = forwards * 4 * (double) queries.elements() * keys.size(1);
        double rate =
                device.peak(dtype) * reached(pairs, (double) queries.size(queries.rank() - 1));
        double moved =
                forwards
                        * pairs
                        * device.efficiency().scoreBytes()
                        / (device.efficiency().memory() * device.bytesPerSecond());
        return contractions / rate + moved;
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
}
