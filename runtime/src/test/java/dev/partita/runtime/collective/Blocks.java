package dev.partita.runtime.collective;

import dev.partita.dsl.mesh.Axis;
import dev.partita.dsl.tensor.Dim;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.dsl.tensor.Shape;
import dev.partita.dsl.tensor.TensorType;
import dev.partita.kernels.Buffer;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/// Buffers of numbers, written and read as doubles.
final class Blocks {
    private Blocks() {}

    static List<Axis> axis(int members) {
        return List.of(new Axis("data", members));
    }

    static TensorType type(Dtype dtype, long... sizes) {
        var dims = new ArrayList<Dim>();
        for (int i = 0; i < sizes.length; i++) {
            dims.add(new Dim("d" + i, sizes[i]));
        }
        return new TensorType(dtype, new Shape(dims));
    }

    static Buffer empty(TensorType type) {
        return Buffer.whole(type, Arena.ofAuto().allocate(type.bytes(), 64));
    }

    static Buffer of(TensorType type, double... values) {
        Buffer buffer = empty(type);
        write(buffer, values);
        return buffer;
    }

    static void write(Buffer buffer, double... values) {
        MemorySegment memory = buffer.memory();
        for (int i = 0; i < values.length; i++) {
            switch (buffer.type().dtype()) {
                case F64 -> memory.setAtIndex(ValueLayout.JAVA_DOUBLE, i, values[i]);
                case F32 -> memory.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) values[i]);
                case I64 -> memory.setAtIndex(ValueLayout.JAVA_LONG, i, (long) values[i]);
                case I32 -> memory.setAtIndex(ValueLayout.JAVA_INT, i, (int) values[i]);
                case BF16, F16 -> memory.setAtIndex(ValueLayout.JAVA_SHORT, i, (short) values[i]);
                case U8 -> memory.setAtIndex(ValueLayout.JAVA_BYTE, i, (byte) values[i]);
            }
        }
    }

    static double[] read(Buffer buffer) {
        MemorySegment memory = buffer.memory();
        var values = new double[(int) buffer.type().shape().elements()];
        for (int i = 0; i < values.length; i++) {
            values[i] =
                    switch (buffer.type().dtype()) {
                        case F64 -> memory.getAtIndex(ValueLayout.JAVA_DOUBLE, i);
                        case F32 -> memory.getAtIndex(ValueLayout.JAVA_FLOAT, i);
                        case I64 -> memory.getAtIndex(ValueLayout.JAVA_LONG, i);
                        case I32 -> memory.getAtIndex(ValueLayout.JAVA_INT, i);
                        case BF16, F16 -> memory.getAtIndex(ValueLayout.JAVA_SHORT, i);
                        case U8 -> memory.getAtIndex(ValueLayout.JAVA_BYTE, i);
                    };
        }
        return values;
    }
}
