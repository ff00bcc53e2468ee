package dev.partita.kernels.cpu;

import static dev.partita.kernels.cpu.WinogradTiles.REACH;
import static dev.partita.kernels.cpu.WinogradTiles.SIDE;

import dev.partita.dsl.graph.Op;
import dev.partita.kernels.Buffer;
import dev.partita.kernels.Kernel;
import dev.partita.kernels.KernelRequest;
import java.util.Optional;

/// The gradient of a convolution's weights by Winograd's algorithm run backwards: per group of
/// tiles the transforms of image and result's gradient, and 16 matmuls that sum over tiles. The
/// bias's gradient is a sum over pixels on the way, of each group by itself first.
final class WinogradWeightGrad implements Kernel {
    private final WinogradTiles tiles;
    private final WinogradMemory memory;
    private final WinogradWeights weights;
    private final long weightGrad;
    private final long biasGrad;
    private final long nothing;
    private final long sums;
    private final Buffer images;
    private final Buffer slopes;
    private final Buffer matrices;
    private final Kernel matmul;
    private final long[] read = new long[REACH * REACH];
    private final long[] slopesRead = new long[SIDE * SIDE];

    private WinogradWeightGrad(WinogradTiles tiles, Op.Conv2dWeightGrad op, KernelRequest request) {
        this.tiles = tiles;
        weightGrad = request.result(0).memory().address();
        memory = new WinogradMemory(tiles);
        weights = new WinogradWeights(memory.arena(), tiles.outputs(), tiles.inputs());
        nothing = memory.take(Math.max(tiles.inputBytes(), tiles.outputBytes()));
        sums = memory.take(tiles.outputBytes());
        biasGrad =
                op.bias() ? request.result(1).memory().address() : memory.take(tiles.outputBytes());
        images = memory.group("channel", tiles.inputs());
        slopes = memory.group("out", tiles.outputs());
        matrices = memory.matrices();
        matmul = memory.matmulAdding("xtc,xto->xco", images, slopes, matrices);
    }

    static Optional<Kernel> open(Op.Conv2dWeightGrad op, KernelRequest request) {
        return WinogradTiles.of(op.window(), request.operand(1), request.operand(0))
                .map(tiles -> new WinogradWeightGrad(tiles, op, request));
    }

    @Override
    public void run() {
        Floats.clear(matrices.memory().address(), matrices.type().bytes());
        Floats.clear(biasGrad, tiles.outputBytes());
        for (int first = 0; first < tiles.tiles(); first += tiles.group()) {
            Floats.clear(sums, tiles.outputBytes());
            for (int i = 0; i < tiles.group(); i++) {
                tiles.image(first + i, nothing, read);
                WinogradTransforms.image(
                        read,
                        tiles.inputBytes(),
                        images.memory().address() + i * tiles.inputBytes(),
                        tiles.group() * tiles.inputBytes());
                tiles.result(first + i, nothing, slopesRead);
                WinogradTransforms.slopes(
                        slopesRead,
                        tiles.outputBytes(),
                        slopes.memory().address() + i * tiles.outputBytes(),
                        tiles.group() * tiles.outputBytes(),
                        sums);
            }
            matmul.run();
            Floats.add(sums, biasGrad, tiles.outputBytes());
        }
        weights.gradient(matrices.memory().address(), weightGrad);
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
