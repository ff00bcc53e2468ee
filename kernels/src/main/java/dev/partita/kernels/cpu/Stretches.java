package dev.partita.kernels.cpu;

import dev.partita.dsl.tensor.Dtype;
import dev.partita.kernels.Buffer;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// Numbers, read and written a stretch of neighbours at a time. A stretch is handed out as an
/// address where whole vectors of f32 may be loaded and stored: in the tensor itself if it is f32
/// and the stretch a whole number of vectors, else in scratch memory. So loops need no tail, and
/// know nothing of half floats.
final class Stretches {
    /// Elements of a stretch where the kernel is free to choose.
    static final int LENGTH = 1024;

    private final Dtype dtype;
    private final long base;
    private final MemorySegment scratch;

    /// @param longest elements of the longest stretch
    Stretches(Buffer buffer, long longest) {
        this(Numbers.of(buffer), longest);
    }

    Stretches(Numbers numbers, long longest) {
        dtype = numbers.dtype();
        base = numbers.memory().address();
        scratch = scratch(longest);
    }

    /// Memory for `count` f32 numbers as whole vectors.
    static MemorySegment scratch(long count) {
        return Arena.ofAuto().allocate(bytes(count), Floats.STEP);
    }

    /// Bytes of the whole vectors that `count` f32 numbers fill.
    static long bytes(long count) {
        return Math.ceilDiv(count * Float.BYTES, (long) Floats.STEP) * Floats.STEP;
    }

    /// `count` elements from element `first` on.
    ///
    /// @param behind what lies behind them, up to the end of the last vector
    long read(long first, long count, float behind) {
        long from = address(first);
        if (isInPlace(count)) {
            return from;
        }
        if (dtype == Dtype.F32) {
            Floats.copy(from, scratch.address(), count * Float.BYTES);
        } else {
            HalfFloats.widen(dtype, from, scratch.address(), count);
        }
        fill(count, behind);
        return scratch.address();
    }

    /// Changes what lies behind the last of `count` elements that were read.
    void fill(long count, float behind) {
        if (!isInPlace(count)) {
            long end = scratch.address() + bytes(count);
            for (long at = scratch.address() + count * Float.BYTES; at < end; at += Float.BYTES) {
                Floats.set(at, behind);
            }
        }
    }

    /// Where to write `count` elements from element `first` on, before [#written].
    long place(long first, long count) {
        return isInPlace(count) ? address(first) : scratch.address();
    }

    /// The elements for which there was a [#place] have been written there.
    void written(long first, long count) {
        if (isInPlace(count)) {
            return;
        }
        if (dtype == Dtype.F32) {
            Floats.copy(scratch.address(), address(first), count * Float.BYTES);
        } else {
            HalfFloats.narrow(dtype, scratch.address(), address(first), count);
        }
    }

    private long address(long element) {
        return base + element * dtype.bytes();
    }

    private boolean isInPlace(long count) {
        return dtype == Dtype.F32 && count % Floats.LANES == 0;
    }
}
