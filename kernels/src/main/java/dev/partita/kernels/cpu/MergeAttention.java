package dev.partita.kernels.cpu;

import static dev.partita.kernels.cpu.Floats.LANES;
import static dev.partita.kernels.cpu.Floats.SPECIES;
import static jdk.incubator.vector.FloatVector.fromArray;

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
        MemorySegment other = request.operand(2).memory();
        MemorySegment otherSums = request.operand(3).memory();
        MemorySegment y = request.result(0).memory();
        MemorySegment logSums = request.result(1).memory();
        boolean inPlace = one.address() == y.address() && oneSums.address() == logSums.address();
        long queries = request.result(1).type().shape().elements();
        int size = Math.toIntExact(request.result(0).type().shape().dims().getLast().size());
        float[] own = Tile.forWidth(size);
        float[] more = Tile.forWidth(size);
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
                Tile.load(one, query * size, own, size);
                Tile.load(other, query * size, more, size);
                average(own, (float) (weight / total), more, (float) (otherWeight / total));
                Tile.store(own, y, query * size, size);
                logSums.setAtIndex(ValueLayout.JAVA_FLOAT, query, (float) (max + Math.log(total)));
            }
        };
    }

    private static void average(float[] own, float weight, float[] more, float otherWeight) {
        for (int i = 0; i < own.length; i += LANES) {
            fromArray(SPECIES, own, i)
                    .mul(weight)
                    .add(fromArray(SPECIES, more, i).mul(otherWeight))
                    .intoArray(own, i);
        }
    }
}
