package dev.partita.kernels.cpu;

import dev.partita.dsl.tensor.Dtype;
import dev.partita.kernels.Buffer;
import java.lang.foreign.MemorySegment;

/// f32 numbers or half floats in memory, which kernels see as stretches of f32.
record Numbers(Dtype dtype, MemorySegment memory) {
    static Numbers of(Buffer buffer) {
        return new Numbers(buffer.type().dtype(), buffer.memory());
    }

    /// True for the types that there are stretches of.
    static boolean are(Buffer buffer) {
        Dtype dtype = buffer.type().dtype();
        return dtype == Dtype.F32 || HalfFloats.isHalf(dtype);
    }
}
