package dev.partita.kernels.cpu;

import dev.partita.kernels.Buffer;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// An f32 tensor, read and written a stretch of neighbouring elements at a time. A stretch is
/// handed out as an address where whole vectors may be loaded and stored: in the tensor itself if
/// the stretch is a whole number of vectors, else in scratch memory, so that loops need no tail.
final class Stretches {
    /// Elements of a stretch where the kernel is free to choose.
    static final int LENGTH = 1024;

    private final long base;
    private final MemorySegment scratch;

    /// @param longest elements of the longest stretch
    Stretches(Buffer buffer, long longest) {
        this(buffer.memory(), longest);
    }

    Stretches(MemorySegment memory, long longest) {
        base = memory.address();
        scratch = scratch(longest);
    }

    /// Memory for `count` elements as whole vectors.
    static MemorySegment scratch(long count) {
        return Arena.ofAuto().allocate(bytes(count), Floats.STEP);
    }

    /// Bytes of the whole vectors that `count` elements fill.
    static long bytes(long count) {
        return Math.ceilDiv(count * Float.BYTES, (long) Floats.STEP) * Floats.STEP;
    }

    /// `count` elements from element `first` on.
    ///
    /// @param behind what lies behind them, up to the end of the last vector
    long read(long first, long count, float behind) {
        long from = base + first * Float.BYTES;
        if (isWhole(count)) {
            return from;
        }
        long to = scratch.address();
        Floats.copy(from, to, count * Float.BYTES);
        fill(count, behind);
        return to;
    }

    /// Changes what lies behind the last of `count` elements that were read.
    void fill(long count, float behind) {
        if (!isWhole(count)) {
            long end = scratch.address() + bytes(count);
            for (long at = scratch.address() + count * Float.BYTES; at < end; at += Float.BYTES) {
                Floats.set(at, behind);
            }
        }
    }

    /// Where to write `count` elements from element `first` on, before [#written].
    long place(long first, long count) {
        return isWhole(count) ? base + first * Float.BYTES : scratch.address();
    }

    /// The elements for which there was a [#place] have been written there.
    void written(long first, long count) {
        if (!isWhole(count)) {
            Floats.copy(scratch.address(), base + first * Float.BYTES, count * Float.BYTES);
        }
    }

    private static boolean isWhole(long count) {
        return count % Floats.LANES == 0;
    }
}
