package dev.partita.kernels.cpu;

import static dev.partita.kernels.cpu.Floats.MEMORY;
import static dev.partita.kernels.cpu.Floats.ORDER;
import static dev.partita.kernels.cpu.Floats.SPECIES;
import static dev.partita.kernels.cpu.Floats.STEP;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import dev.partita.dsl.graph.AttentionOp;
import dev.partita.kernels.Kernel;
import dev.partita.kernels.KernelRequest;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Attention over two sets of keys from the attentions over each, one query at a time. In place,
/// nothing is done for a query that saw no key of the second set.
final class MergeAttention {
    private MergeAttention() {}

    static Kernel kernel(KernelRequest request) {
        MemorySegment one = request.operand(0).memory();
        MemorySegment oneSums = request.operand(1).memory();
        MemorySegment otherSums = request.operand(3).memory();
        MemorySegment y = request.result(0).memory();
        MemorySegment logSums = request.result(1).memory();
        boolean inPlace = one.address() == y.address() && oneSums.address() == logSums.address();
        long queries = request.result(1).type().shape().elements();
        long size = request.result(0).type().shape().dims().getLast().size();
        long bytes = Stretches.bytes(size);
        var own = new Stretches(request.operand(0), size);
        var more = new Stretches(request.operand(2), size);
        var averages = new Stretches(request.result(0), size);
        return () -> {
            for (long query = 0; query < queries; query++) {
                float sum = oneSums.getAtIndex(ValueLayout.JAVA_FLOAT, query);
                float otherSum = otherSums.getAtIndex(ValueLayout.JAVA_FLOAT, query);
                if (inPlace && otherSum == AttentionOp.NO_KEYS) {
                    continue;
                }
                float max = Math.max(sum, otherSum);
                double weight = Math.exp((double) sum - max);
                double otherWeight = Math.exp((double) otherSum - max);
                double total = weight + otherWeight;
                average(
                        own.read(query * size, size, 0),
                        (float) (weight / total),
                        more.read(query * size, size, 0),
                        (float) (otherWeight / total),
                        averages.place(query * size, size),
                        bytes);
                averages.written(query * size, size);
                logSums.setAtIndex(ValueLayout.JAVA_FLOAT, query, (float) (max + Math.log(total)));
            }
        };
    }

    private static void average(
            long own, float weight, long more, float otherWeight, long average, long bytes) {
        for (long i = 0; i < bytes; i += STEP) {
            fromMemorySegment(SPECIES, MEMORY, own + i, ORDER)
                    .mul(weight)
                    .add(fromMemorySegment(SPECIES, MEMORY, more + i, ORDER).mul(otherWeight))
                    .intoMemorySegment(MEMORY, average + i, ORDER);
        }
    }
}
