package dev.partita.runtime.collective;

import dev.partita.dsl.graph.Reshard;
import dev.partita.dsl.mesh.Axis;
import dev.partita.dsl.tensor.Dim;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.dsl.tensor.Shape;
import dev.partita.dsl.tensor.TensorType;
import dev.partita.kernels.Buffer;
import dev.partita.runtime.state.Elements;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/// Buffers of numbers, written and read as doubles.
final class Blocks {
    private static final PendingCollective NOTHING =
            new PendingCollective() {
                @Override
                public void start() {}

                @Override
                public void finish() {}
            };

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
            Elements.set(buffer.type().dtype(), memory, i, values[i]);
        }
    }

    /// What a member does in a collective that it may have no part in.
    static PendingCollective open(
            Communicator member,
            int rank,
            Reshard.Collective op,
            int tag,
            List<Buffer> sources,
            List<Buffer> targets) {
        return op.gives(rank) || op.takes(rank)
                ? member.open(
                        op,
                        tag,
                        op.gives(rank) ? sources : List.of(),
                        op.takes(rank) ? targets : List.of())
                : NOTHING;
    }

    static double[] read(Buffer buffer) {
        MemorySegment memory = buffer.memory();
        var values = new double[(int) buffer.type().shape().elements()];
        for (int i = 0; i < values.length; i++) {
            values[i] = Elements.get(buffer.type().dtype(), memory, i);
        }
        return values;
    }
}
