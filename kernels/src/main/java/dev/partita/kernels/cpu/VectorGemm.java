package dev.partita.kernels.cpu;

import static dev.partita.kernels.cpu.Floats.MEMORY;
import static dev.partita.kernels.cpu.Floats.ORDER;
import static dev.partita.kernels.cpu.Floats.SPECIES;
import static dev.partita.kernels.cpu.Floats.STEP;
import static jdk.incubator.vector.FloatVector.broadcast;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;
import static jdk.incubator.vector.FloatVector.zero;

import java.lang.foreign.Arena;
import jdk.incubator.vector.FloatVector;

/// `c[rows, columns] += a[rows, inner] b[inner, columns]` on strided matrices: both operands are
/// packed, zeros fill the last block, and four rows by two vectors of columns are computed at a
/// time.
final class VectorGemm {
    private static final int ROWS = 4;
    private static final int COLUMNS = 2 * Floats.LANES;

    private final long rows;
    private final long inner;
    private final long columns;
    private final long paddedRows;
    private final long paddedColumns;
    private final long workspaceBytes;
    private final long left;
    private final long right;
    private final long block;

    /// @param arena owns the packed copies
    VectorGemm(Arena arena, long rows, long inner, long columns) {
        this.rows = rows;
        this.inner = inner;
        this.columns = columns;
        paddedRows = (rows + ROWS - 1) / ROWS * ROWS;
        paddedColumns = (columns + COLUMNS - 1) / COLUMNS * COLUMNS;
        long leftBytes = paddedRows * inner * Float.BYTES;
        long rightBytes = paddedColumns * inner * Float.BYTES;
        workspaceBytes = leftBytes + rightBytes + (long) ROWS * COLUMNS * Float.BYTES;
        right = arena.allocate(workspaceBytes, 64).address();
        block = right + rightBytes;
        left = block + (long) ROWS * COLUMNS * Float.BYTES;
    }

    long workspaceBytes() {
        return workspaceBytes;
    }

    /// Packs `a`, whose strides are in elements: four rows side by side.
    void packLeft(long a, long rowStride, long innerStride) {
        for (long r = 0; r < paddedRows; r++) {
            long to = left + (r / ROWS * ROWS * inner + r % ROWS) * Float.BYTES;
            for (long k = 0; k < inner; k++) {
                float value =
                        r < rows
                                ? Floats.get(a + (r * rowStride + k * innerStride) * Float.BYTES)
                                : 0;
                Floats.set(to + k * ROWS * Float.BYTES, value);
            }
        }
    }

    /// Packs `b`, whose strides are in elements: two vectors of columns side by side.
    void packRight(long b, long innerStride, long columnStride) {
        for (long c = 0; c < paddedColumns; c++) {
            long to = right + (c / COLUMNS * COLUMNS * inner + c % COLUMNS) * Float.BYTES;
            for (long k = 0; k < inner; k++) {
                float value =
                        c < columns
                                ? Floats.get(b + (k * innerStride + c * columnStride) * Float.BYTES)
                                : 0;
                Floats.set(to + k * COLUMNS * Float.BYTES, value);
            }
        }
    }

    /// Adds the product to `c`, whose rows are `rowStride` elements apart.
    void multiplyAdd(long c, long rowStride, long columnStride) {
        for (long column = 0; column < columns; column += COLUMNS) {
            for (long row = 0; row < rows; row += ROWS) {
                product(
                        left + row * inner * Float.BYTES,
                        right + column * inner * Float.BYTES,
                        Math.toIntExact(inner));
                addBlock(c, row, column, rowStride, columnStride);
            }
        }
    }

    private void product(long a, long b, int count) {
        FloatVector a0 = zero(SPECIES);
        FloatVector a1 = zero(SPECIES);
        FloatVector b0 = zero(SPECIES);
        FloatVector b1 = zero(SPECIES);
        FloatVector c0 = zero(SPECIES);
        FloatVector c1 = zero(SPECIES);
        FloatVector d0 = zero(SPECIES);
        FloatVector d1 = zero(SPECIES);
        for (int k = 0; k < count; k++) {
            FloatVector w0 = fromMemorySegment(SPECIES, MEMORY, b + (long) k * 2 * STEP, ORDER);
            FloatVector w1 =
                    fromMemorySegment(SPECIES, MEMORY, b + (long) k * 2 * STEP + STEP, ORDER);
            long at = a + (long) k * ROWS * Float.BYTES;
            FloatVector x = broadcast(SPECIES, Floats.get(at));
            a0 = w0.fma(x, a0);
            a1 = w1.fma(x, a1);
            FloatVector y = broadcast(SPECIES, Floats.get(at + Float.BYTES));
            b0 = w0.fma(y, b0);
            b1 = w1.fma(y, b1);
            FloatVector z = broadcast(SPECIES, Floats.get(at + 2 * Float.BYTES));
            c0 = w0.fma(z, c0);
            c1 = w1.fma(z, c1);
            FloatVector u = broadcast(SPECIES, Floats.get(at + 3 * Float.BYTES));
            d0 = w0.fma(u, d0);
            d1 = w1.fma(u, d1);
        }
        a0.intoMemorySegment(MEMORY, block, ORDER);
        a1.intoMemorySegment(MEMORY, block + STEP, ORDER);
        b0.intoMemorySegment(MEMORY, block + 2L * STEP, ORDER);
        b1.intoMemorySegment(MEMORY, block + 3L * STEP, ORDER);
        c0.intoMemorySegment(MEMORY, block + 4L * STEP, ORDER);
        c1.intoMemorySegment(MEMORY, block + 5L * STEP, ORDER);
        d0.intoMemorySegment(MEMORY, block + 6L * STEP, ORDER);
        d1.intoMemorySegment(MEMORY, block + 7L * STEP, ORDER);
    }

    private void addBlock(long c, long row, long column, long rowStride, long columnStride) {
        for (long r = row; r < Math.min(rows, row + ROWS); r++) {
            for (long j = column; j < Math.min(columns, column + COLUMNS); j++) {
                long at = c + (r * rowStride + j * columnStride) * Float.BYTES;
                long from = block + ((r - row) * COLUMNS + j - column) * Float.BYTES;
                Floats.set(at, Floats.get(at) + Floats.get(from));
            }
        }
    }
}
