package dev.partita.runtime.device;

import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// The memory of one device: one native allocation that all slots of its program lie in, with a
/// guard zone behind it.
///
/// When it is opened it is painted with `0x7FFE`, two bytes at a time, and [#peakBytes] finds how
/// far up the paint was ever scratched. So the peak is measured, not computed, under one condition:
/// the last byte of the topmost block becomes something else than `0x7F`. That byte holds the sign
/// and most of the exponent of a float, and is `0x7F` only for NaN, infinity and numbers above
/// 1.7e38 (in `f64`, above 8e307), and of an `i32` only above 2.1e9, which no healthy value
/// reaches. The paint itself reads as NaN in every floating type, so a block that is read before it
/// is written does not go unnoticed.
public final class DeviceMemory implements AutoCloseable {
    /// Slots start at multiples of this.
    public static final long ALIGNMENT = 64;

    private static final long GUARD_BYTES = 4096;
    private static final short PAINT = 0x7FFE;
    private static final long PAINT_LONG = 0x7FFE_7FFE_7FFE_7FFEL;
    private static final MemorySegment PAINT_BYTES = paintBytes();

    private final int device;
    private final long bytes;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment all;
    private boolean closed;

    /// Takes `bytes` of memory for device `device`.
    public DeviceMemory(int device, long bytes) {
        this.device = device;
        this.bytes = bytes;
        all = arena.allocate(bytes + GUARD_BYTES, ALIGNMENT);
        paint(all);
    }

    private static MemorySegment paintBytes() {
        MemorySegment two = MemorySegment.ofArray(new byte[Short.BYTES]);
        two.set(ValueLayout.JAVA_SHORT_UNALIGNED, 0, PAINT);
        return two.asReadOnly();
    }

    /// Paints a stretch that starts at an even byte, each time as much again as is painted.
    private static void paint(MemorySegment stretch) {
        long painted = Math.min(Short.BYTES, stretch.byteSize());
        MemorySegment.copy(PAINT_BYTES, 0, stretch, 0, painted);
        while (painted < stretch.byteSize()) {
            long more = Math.min(painted, stretch.byteSize() - painted);
            MemorySegment.copy(stretch, 0, stretch, painted, more);
            painted += more;
        }
    }

    /// Forgets all content and the peak.
    public void repaint() {
        paint(all.asSlice(0, bytes));
    }

    /// Size without the guard zone.
    public long bytes() {
        return bytes;
    }

    /// A range of this memory.
    ///
    /// @throws IndexOutOfBoundsException if it is not all inside
    public MemorySegment at(long offset, long length) {
        return all.asSlice(0, bytes).asSlice(offset, length);
    }

    /// The end of the highest byte written since this memory was opened.
    public long peakBytes() {
        return scratched(0, bytes);
    }

    /// The end of the highest byte in `from..to` that lost its paint, or `from`.
    private long scratched(long from, long to) {
        long end = to;
        while (end > from && isPainted(end - 1)) {
            boolean whole =
                    end % Long.BYTES == 0
                            && end - from >= Long.BYTES
                            && all.get(ValueLayout.JAVA_LONG, end - Long.BYTES) == PAINT_LONG;
            end -= whole ? Long.BYTES : 1;
        }
        return end;
    }

    private boolean isPainted(long at) {
        return all.get(ValueLayout.JAVA_BYTE, at)
                == PAINT_BYTES.get(ValueLayout.JAVA_BYTE, at % Short.BYTES);
    }

    /// Frees the memory. Closing again does nothing.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `DeviceFailed` if something was written
    ///   behind the end
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        long end = scratched(bytes, bytes + GUARD_BYTES);
        arena.close();
        if (end > bytes) {
            throw Problem.of(
                            ProblemCode.DEVICE_FAILED,
                            "Something wrote behind the end of a device's memory.")
                    .fact("device", device)
                    .fact("memory", bytes + " bytes")
                    .fact("written up to", "byte " + end)
                    .fix("report this: a kernel or the memory plan is wrong")
                    .exception();
        }
    }
}
