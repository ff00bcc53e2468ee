package dev.partita.runtime.collective;

import dev.partita.dsl.tensor.Dtype;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Sums the members' blocks in rank order.
final class GroupSum {
    private GroupSum() {}

    /// Sums `bytes` bytes of all sources, from `fromByte` on, into the target from `targetByte` on.
    /// The target may lie exactly over one of the sources.
    static void sum(
            Dtype dtype,
            MemorySegment[] sources,
            long fromByte,
            long bytes,
            MemorySegment target,
            long targetByte) {
        for (long i = 0; i < bytes; i += dtype.bytes()) {
            if (dtype == Dtype.F32) {
                float sum = sources[0].get(ValueLayout.JAVA_FLOAT_UNALIGNED, fromByte + i);
                for (int j = 1; j < sources.length; j++) {
                    sum += sources[j].get(ValueLayout.JAVA_FLOAT_UNALIGNED, fromByte + i);
                }
                target.set(ValueLayout.JAVA_FLOAT_UNALIGNED, targetByte + i, sum);
            } else {
                double sum = sources[0].get(ValueLayout.JAVA_DOUBLE_UNALIGNED, fromByte + i);
                for (int j = 1; j < sources.length; j++) {
                    sum += sources[j].get(ValueLayout.JAVA_DOUBLE_UNALIGNED, fromByte + i);
                }
                target.set(ValueLayout.JAVA_DOUBLE_UNALIGNED, targetByte + i, sum);
            }
        }
    }
}
