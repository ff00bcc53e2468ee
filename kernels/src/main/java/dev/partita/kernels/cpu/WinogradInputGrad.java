package dev.partita.kernels.cpu;

import static dev.partita.kernels.cpu.WinogradTiles.REACH;
import static dev.partita.kernels.cpu.WinogradTiles.SIDE;

import dev.partita.dsl.graph.Op;
import dev.partita.kernels.Buffer;
import dev.partita.kernels.Kernel;
import dev.partita.kernels.KernelRequest;
import java.util.Optional;

/// The gradient of a convolution's image by Winograd's algorithm run backwards: per group of tiles
/// the transforms of the result's gradient, 16 matmuls, and the transforms back, which add to the
/// pixels that tiles share, one tile after the other.
final class WinogradInputGrad implements Kernel {
    private final WinogradTiles tiles;
    private final WinogradMemory memory;
    private final WinogradWeights weights;
    private final long weight;
    private final Buffer imageGrad;
    private final long nothing;
    private final long elsewhere;
    private final long sums;
    private final Buffer slopes;
    private final Buffer matrices;
    private final Buffer products;
    private final Kernel matmul;
    private final long[] read = new long[SIDE * SIDE];
    private final long[] added = new long[REACH * REACH];

    private WinogradInputGrad(WinogradTiles tiles, KernelRequest request) {
        this.tiles = tiles;
        memory = new WinogradMemory(tiles);
        weights = new WinogradWeights(memory.arena(), tiles.outputs(), tiles.inputs());
        weight = request.operand(1).memory().address();
        imageGrad = request.result(0);
        nothing = memory.take(tiles.outputBytes());
        elsewhere = memory.take(tiles.inputBytes());
        sums = memory.take(tiles.outputBytes());
        slopes = memory.group("out", tiles.outputs());
        matrices = memory.transposedMatrices();
        products = memory.group("channel", tiles.inputs());
        matmul = memory.matmul("xto,xoc->xtc", slopes, matrices, products);
    }

    static Optional<Kernel> open(Op.Conv2dInputGrad op, KernelRequest request) {
        return WinogradTiles.of(op.window(), request.result(0), request.operand(0))
                .map(tiles -> new WinogradInputGrad(tiles, request));
    }

    @Override
    public void run() {
        weights.backward(weight, matrices.memory().address());
        Floats.clear(imageGrad.memory().address(), imageGrad.type().bytes());
        Floats.clear(elsewhere, tiles.inputBytes());
        for (int first = 0; first < tiles.tiles(); first += tiles.group()) {
            for (int i = 0; i < tiles.group(); i++) {
                tiles.result(first + i, nothing, read);
                WinogradTransforms.slopes(
                        read,
                        tiles.outputBytes(),
                        slopes.memory().address() + i * tiles.outputBytes(),
                        tiles.group() * tiles.outputBytes(),
                        sums);
            }
            matmul.run();
            int count = Math.min(tiles.group(), tiles.tiles() - first);
            for (int i = 0; i < count; i++) {
                tiles.image(first + i, elsewhere, added);
                WinogradTransforms.spread(
                        products.memory().address() + i * tiles.inputBytes(),
                        tiles.group() * tiles.inputBytes(),
                        tiles.inputBytes(),
                        added);
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
