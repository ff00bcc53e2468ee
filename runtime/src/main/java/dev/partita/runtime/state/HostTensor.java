package dev.partita.runtime.state;

import dev.partita.dsl.tensor.TensorType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.function.LongToDoubleFunction;

/// A whole tensor, row-major in native memory that lives as long as this object is reachable.
public record HostTensor(TensorType type, MemorySegment memory) {
    public HostTensor {
        if (memory.byteSize() != type.bytes()) {
            throw new IllegalArgumentException(
                    type + " takes " + type.bytes() + " bytes, not " + memory.byteSize());
        }
    }

    /// A tensor of zeros.
    public static HostTensor zeros(TensorType type) {
        return new HostTensor(type, Arena.ofAuto().allocate(type.bytes(), 64));
    }

    /// A tensor whose element at each row-major index is `value` of that index.
    public static HostTensor generate(TensorType type, LongToDoubleFunction value) {
        HostTensor tensor = zeros(type);
        for (long i = 0; i < tensor.elements(); i++) {
            tensor.set(i, value.applyAsDouble(i));
        }
        return tensor;
    }

    public long elements() {
        return type.shape().elements();
    }

    /// The element at a row-major index.
    public double get(long index) {
        return Elements.get(type.dtype(), memory, index);
    }

    public void set(long index, double value) {
        Elements.set(type.dtype(), memory, index, value);
    }

    /// All elements, row-major.
    public double[] toArray() {
        var values = new double[Math.toIntExact(elements())];
        for (int i = 0; i < values.length; i++) {
            values[i] = get(i);
        }
        return values;
    }

    /// Position of the largest element.
    public long indexOfMax(long from, long length) {
        long best = from;
        for (long i = from + 1; i < from + length; i++) {
            best = get(i) > get(best) ? i : best;
        }
        return best;
    }

    /// True if both are equal bit for bit.
    public boolean sameBits(HostTensor other) {
        return type.equals(other.type) && memory.mismatch(other.memory) < 0;
    }

    @Override
    public String toString() {
        return type.toString();
    }
}
