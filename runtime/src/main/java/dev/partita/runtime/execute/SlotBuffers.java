package dev.partita.runtime.execute;

import dev.partita.compiler.plan.Program;
import dev.partita.compiler.plan.Slot;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.tensor.Dim;
import dev.partita.dsl.tensor.Shape;
import dev.partita.kernels.Buffer;
import dev.partita.runtime.device.DeviceMemory;
import java.util.List;

/// The slots of one device's program in that device's memory.
final class SlotBuffers {
    private final Program program;
    private final DeviceMemory memory;
    private final List<Buffer> buffers;

    SlotBuffers(Program program, Mesh mesh, int rank, DeviceMemory memory) {
        this.program = program;
        this.memory = memory;
        buffers = program.slots().stream().map(slot -> buffer(slot, mesh, rank)).toList();
    }

    private Buffer buffer(Slot slot, Mesh mesh, int rank) {
        return new Buffer(
                slot.type(),
                slot.region(mesh, rank),
                memory.at(slot.offset(), slot.type().bytes()));
    }

    Buffer get(int slot) {
        return buffers.get(slot);
    }

    List<Buffer> get(List<Integer> slots) {
        return slots.stream().map(buffers::get).toList();
    }

    /// Slots that lie one behind the other as one block; a single slot as it is.
    Buffer joined(List<Integer> slots) {
        Buffer first = get(slots.getFirst());
        if (slots.size() == 1) {
            return first;
        }
        Program.Span span = program.span(slots);
        var shape = Shape.of(new Dim("bucket", span.bytes() / first.type().dtype().bytes()));
        return Buffer.whole(first.type().withShape(shape), memory.at(span.offset(), span.bytes()));
    }
}
