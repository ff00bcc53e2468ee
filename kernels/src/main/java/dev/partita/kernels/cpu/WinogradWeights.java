package dev.partita.kernels.cpu;

import static dev.partita.kernels.cpu.Floats.LANES;
import static dev.partita.kernels.cpu.Floats.STEP;
import static dev.partita.kernels.cpu.WinogradTiles.POINTS;
import static dev.partita.kernels.cpu.WinogradTiles.TAPS;

import java.lang.foreign.Arena;

/// Weights of 3x3 taps between their own order, `[out, height, width, channel]`, and 16 matrices
/// `[from, to]` of channels, which multiply the 16 numbers of a transformed tile.
final class WinogradWeights {
    private final long out;
    private final long channels;
    private final long pixel;
    private final long scratch;
    private final long vectors;

    /// @param out channels of the convolution's result
    /// @param channels of its image
    WinogradWeights(Arena arena, long out, long channels) {
        this.out = out;
        this.channels = channels;
        pixel = channels * Float.BYTES;
        long bytes = WinogradTransforms.scratchBytes();
        scratch = arena.allocate(bytes, STEP).address();
        vectors = arena.allocate(bytes, STEP).address();
    }

    /// To matrices `[channel, out]`, with which the convolution is computed.
    void forward(long weight, long matrices) {
        for (long o = 0; o < out; o++) {
            for (long c = 0; c < channels; c += LANES) {
                long from = weight + o * TAPS * pixel + c * Float.BYTES;
                WinogradTransforms.weights(from, pixel, scratch, vectors);
                for (long i = 0; i < (long) POINTS * LANES; i++) {
                    long row = i / LANES * channels + c + i % LANES;
                    Floats.set(
                            matrices + (row * out + o) * Float.BYTES,
                            Floats.get(vectors + i * Float.BYTES));
                }
            }
        }
    }

    /// To matrices `[out, channel]`, with which the gradient of the image is computed.
    void backward(long weight, long matrices) {
        for (long o = 0; o < out; o++) {
            for (long c = 0; c < pixel; c += STEP) {
                long from = weight + o * TAPS * pixel + c;
                WinogradTransforms.weights(from, pixel, scratch, vectors);
                for (long i = 0; i < POINTS; i++) {
                    Floats.copy(vectors + i * STEP, matrices + (i * out + o) * pixel + c, STEP);
                }
            }
        }
    }

    /// From gradients of the matrices `[channel, out]` to gradients of the weights.
    void gradient(long matrices, long weightGrad) {
        long row = out * Float.BYTES;
        for (long c = 0; c < channels; c++) {
            for (long o = 0; o < out; o += LANES) {
                long from = matrices + c * row + o * Float.BYTES;
                WinogradTransforms.taps(from, channels * row, scratch, vectors, STEP);
                for (long i = 0; i < (long) TAPS * LANES; i++) {
                    long tap = (o + i % LANES) * TAPS + i / LANES;
                    Floats.set(
                            weightGrad + tap * pixel + c * Float.BYTES,
                            Floats.get(vectors + i * Float.BYTES));
                }
            }
        }
    }
}
