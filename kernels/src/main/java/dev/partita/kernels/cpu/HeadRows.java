package dev.partita.kernels.cpu;

import dev.partita.dsl.tensor.Dtype;
import dev.partita.dsl.tensor.Shape;
import dev.partita.kernels.Buffer;

/// One head's rows in a tensor `[batch, position, heads, (queries,) size]`, which lie apart there
/// and side by side in scratch memory.
///
/// @param dtype of its elements
/// @param address of the tensor
/// @param positions rows of a head
/// @param step elements between them
/// @param each elements of a position's row
record HeadRows(Dtype dtype, long address, int positions, long step, int each) {
    static HeadRows of(Buffer tensor) {
        Shape shape = tensor.type().shape();
        return new HeadRows(
                tensor.type().dtype(),
                tensor.memory().address(),
                Math.toIntExact(shape.size(1)),
                shape.strides()[1],
                Math.toIntExact(shape.size(shape.rank() - 1)));
    }

    /// Address of the first row of a head, the heads of a position being counted together.
    private long first(int batch, int head) {
        return address + ((long) batch * positions * step + (long) head * each) * dtype.bytes();
    }

    /// Copies the rows of a head to `matrix`, of the same type.
    void gather(int batch, int head, Numbers matrix) {
        long row = (long) each * dtype.bytes();
        long from = first(batch, head);
        long to = matrix.memory().address();
        for (int i = 0; i < positions; i++) {
            Floats.copy(from + i * step * dtype.bytes(), to + i * row, row);
        }
    }

    /// Copies `matrix`, of the same type or of f32, to the rows of a head.
    void scatter(int batch, int head, Numbers matrix) {
        long row = (long) each * matrix.dtype().bytes();
        long from = matrix.memory().address();
        long first = first(batch, head);
        for (int i = 0; i < positions; i++) {
            long to = first + i * step * dtype.bytes();
            if (matrix.dtype() == dtype) {
                Floats.copy(from + i * row, to, row);
            } else {
                HalfFloats.narrow(dtype, from + i * row, to, each);
            }
        }
    }
}
