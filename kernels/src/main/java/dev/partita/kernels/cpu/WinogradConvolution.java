package dev.partita.kernels.cpu;

import static dev.partita.kernels.cpu.WinogradTiles.REACH;
import static dev.partita.kernels.cpu.WinogradTiles.SIDE;

import dev.partita.dsl.graph.Op;
import dev.partita.kernels.Buffer;
import dev.partita.kernels.Kernel;
import dev.partita.kernels.KernelRequest;
import java.util.Optional;

/// A convolution by Winograd's algorithm: per group of tiles their transforms, 16 matmuls, and the
/// transforms back.
final class WinogradConvolution implements Kernel {
    private final WinogradTiles tiles;
    private final WinogradMemory memory;
    private final WinogradWeights weights;
    private final long weight;
    private final long bias;
    private final long nothing;
    private final long elsewhere;
    private final Buffer transformed;
    private final Buffer matrices;
    private final Buffer products;
    private final Kernel matmul;
    private final long[] read = new long[REACH * REACH];
    private final long[] written = new long[SIDE * SIDE];

    private WinogradConvolution(WinogradTiles tiles, Op.Conv2d op, KernelRequest request) {
        this.tiles = tiles;
        memory = new WinogradMemory(tiles);
        weights = new WinogradWeights(memory.arena(), tiles.outputs(), tiles.inputs());
        weight = request.operand(1).memory().address();
        nothing = memory.take(Math.max(tiles.inputBytes(), tiles.outputBytes()));
        elsewhere = memory.take(tiles.outputBytes());
        bias = op.epilogue().hasBias() ? request.operand(2).memory().address() : nothing;
        transformed = memory.group("channel", tiles.inputs());
        matrices = memory.matrices();
        products = memory.group("out", tiles.outputs());
        matmul = memory.matmul("xtc,xco->xto", transformed, matrices, products);
    }

    static Optional<Kernel> open(Op.Conv2d op, KernelRequest request) {
        return WinogradTiles.of(op.window(), request.operand(0), request.result(0))
                .map(tiles -> new WinogradConvolution(tiles, op, request))
                .map(kernel -> VectorEpilogue.relu(kernel, op.epilogue(), request));
    }

    @Override
    public void run() {
        weights.forward(weight, matrices.memory().address());
        for (int first = 0; first < tiles.tiles(); first += tiles.group()) {
            for (int i = 0; i < tiles.group(); i++) {
                tiles.image(first + i, nothing, read);
                WinogradTransforms.image(
                        read,
                        tiles.inputBytes(),
                        transformed.memory().address() + i * tiles.inputBytes(),
                        tiles.group() * tiles.inputBytes());
            }
            matmul.run();
            int count = Math.min(tiles.group(), tiles.tiles() - first);
            for (int i = 0; i < count; i++) {
                tiles.result(first + i, elsewhere, written);
                WinogradTransforms.result(
                        products.memory().address() + i * tiles.outputBytes(),
                        tiles.group() * tiles.outputBytes(),
                        bias,
                        tiles.outputBytes(),
                        written);
            }
        }
    }

    @Override
    public long workspaceBytes() {
        return memory.bytes();
    }

    @Override
    public void close() {
        memory.close();
    }
}
