package dev.partita.kernels.cpu;

import dev.partita.dsl.tensor.Shape;
import dev.partita.kernels.Buffer;

/// One head's rows in a tensor `[batch, position, heads, (queries,) size]`, which lie apart there
/// and side by side in scratch memory.
///
/// @param address of the tensor
/// @param positions rows of a head
/// @param step elements between them
/// @param each elements of a position's row
record HeadRows(long address, int positions, long step, int each) {
    static HeadRows of(Buffer tensor) {
        Shape shape = tensor.type().shape();
        return new HeadRows(
                tensor.memory().address(),
                Math.toIntExact(shape.size(1)),
                shape.strides()[1],
                Math.toIntExact(shape.size(shape.rank() - 1)));
    }

    /// Address of the first row of a head, the heads of a position being counted together.
    private long first(int batch, int head) {
        return address + ((long) batch * positions * step + (long) head * each) * Float.BYTES;
    }

    /// Copies the rows of a head to `matrix`.
    void gather(int batch, int head, long matrix) {
        long row = (long) each * Float.BYTES;
        long from = first(batch, head);
        for (int i = 0; i < positions; i++) {
            Floats.copy(from + i * step * Float.BYTES, matrix + i * row, row);
        }
    }

    /// Copies `matrix` to the rows of a head.
    void scatter(int batch, int head, long matrix) {
        long row = (long) each * Float.BYTES;
        long to = first(batch, head);
        for (int i = 0; i < positions; i++) {
            Floats.copy(matrix + i * row, to + i * step * Float.BYTES, row);
        }
    }
}
