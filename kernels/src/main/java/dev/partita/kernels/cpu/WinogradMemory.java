package dev.partita.kernels.cpu;

import static dev.partita.kernels.cpu.WinogradTiles.POINTS;

import dev.partita.dsl.graph.Op;
import dev.partita.dsl.tensor.Dim;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.dsl.tensor.Shape;
import dev.partita.dsl.tensor.TensorType;
import dev.partita.kernels.Buffer;
import dev.partita.kernels.Kernel;
import dev.partita.kernels.KernelRequest;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;

/// Scratch memory of a kernel that takes tiles in groups, and the matmuls over it.
final class WinogradMemory implements AutoCloseable {
    private static final Dim POINT = new Dim("point", POINTS);

    private final WinogradTiles tiles;
    private final Arena arena = Arena.ofShared();
    private final List<Kernel> matmuls = new ArrayList<>();
    private long bytes;

    WinogradMemory(WinogradTiles tiles) {
        this.tiles = tiles;
    }

    Arena arena() {
        return arena;
    }

    /// Zeroed memory.
    long take(long size) {
        bytes += size;
        return arena.allocate(size, 64).address();
    }

    /// The transforms of a group's tiles: `[point, tile, channels]`.
    Buffer group(String channels, long size) {
        return tensor(new Dim("tile", tiles.group()), new Dim(channels, size));
    }

    /// The transforms of the weights: `[point, image's channels, result's channels]`.
    Buffer matrices() {
        return tensor(new Dim("channel", tiles.inputs()), new Dim("out", tiles.outputs()));
    }

    /// The same with rows and columns changed over.
    Buffer transposedMatrices() {
        return tensor(new Dim("out", tiles.outputs()), new Dim("channel", tiles.inputs()));
    }

    private Buffer tensor(Dim rows, Dim columns) {
        var type = new TensorType(Dtype.F32, Shape.of(POINT, rows, columns));
        bytes += type.bytes();
        return Buffer.whole(type, arena.allocate(type.bytes(), 64));
    }

    /// A matmul over scratch memory.
    Kernel matmul(String einsum, Buffer left, Buffer right, Buffer result) {
        return own(new CpuLibrary().require(request(einsum, left, right, result)));
    }

    /// The same, added to what is there.
    Kernel matmulAdding(String einsum, Buffer left, Buffer right, Buffer sum) {
        var op = Op.Einsum.of(einsum);
        return own(OneDnnMatmul.adding(op, request(einsum, left, right, sum)).orElseThrow());
    }

    private static KernelRequest request(String einsum, Buffer left, Buffer right, Buffer result) {
        return new KernelRequest(Op.Einsum.of(einsum), List.of(left, right), List.of(result));
    }

    private Kernel own(Kernel matmul) {
        matmuls.add(matmul);
        bytes += matmul.workspaceBytes();
        return matmul;
    }

    long bytes() {
        return bytes;
    }

    @Override
    public void close() {
        matmuls.forEach(Kernel::close);
        arena.close();
    }
}
