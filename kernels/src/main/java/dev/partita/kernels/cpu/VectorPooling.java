package dev.partita.kernels.cpu;

import static dev.partita.kernels.cpu.Floats.LANES;
import static dev.partita.kernels.cpu.Floats.MEMORY;
import static dev.partita.kernels.cpu.Floats.ORDER;
import static dev.partita.kernels.cpu.Floats.SPECIES;
import static dev.partita.kernels.cpu.Floats.STEP;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;
import static jdk.incubator.vector.FloatVector.zero;

import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Window;
import dev.partita.dsl.tensor.Shape;
import dev.partita.kernels.Kernel;
import dev.partita.kernels.KernelRequest;
import java.util.Optional;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/// Max-pooling by windows that neither overlap nor reach into padding, over whole vectors of
/// channels.
final class VectorPooling {
    private static final VectorSpecies<Integer> INTS = IntVector.SPECIES_PREFERRED;
    private static final int SMALLEST_VECTOR_BITS = 64;

    private final Window window;
    private final long batch;
    private final long rows;
    private final int columns;
    private final int pixelBytes;
    private final long lineBytes;
    private final long imageBytes;
    private final boolean everyPixel;

    private VectorPooling(Window window, Shape image, Shape pooled) {
        this.window = window;
        batch = pooled.size(0);
        rows = pooled.size(1);
        columns = Math.toIntExact(pooled.size(2));
        pixelBytes = Math.toIntExact(pooled.size(3) * Float.BYTES);
        lineBytes = image.size(2) * pixelBytes;
        imageBytes = image.size(1) * lineBytes;
        everyPixel =
                rows * window.height() == image.size(1)
                        && (long) columns * window.width() == image.size(2);
    }

    /// Empty for other windows and channels.
    private static Optional<VectorPooling> of(Window window, Shape image, Shape pooled) {
        boolean fits =
                window.padding() == 0
                        && window.stride() >= Math.max(window.height(), window.width())
                        && pooled.size(3) % LANES == 0
                        && LANES * Byte.SIZE >= SMALLEST_VECTOR_BITS;
        return fits ? Optional.of(new VectorPooling(window, image, pooled)) : Optional.empty();
    }

    static Optional<Kernel> max(Op.MaxPool op, KernelRequest request) {
        long x = request.operand(0).memory().address();
        long y = request.result(0).memory().address();
        long positions = request.result(1).memory().address();
        return of(op.window(), request.operand(0).type().shape(), request.result(0).type().shape())
                .map(pooling -> () -> pooling.max(x, y, positions));
    }

    static Optional<Kernel> maxGrad(Op.MaxPoolGrad op, KernelRequest request) {
        long dy = request.operand(0).memory().address();
        long positions = request.operand(1).memory().address();
        long dx = request.result(0).memory().address();
        return of(op.window(), request.result(0).type().shape(), request.operand(0).type().shape())
                .map(pooling -> () -> pooling.maxGrad(dy, positions, dx));
    }

    private void max(long x, long y, long positions) {
        long done = 0;
        for (long b = 0; b < batch; b++) {
            for (long row = 0; row < rows; row++) {
                long line = x + b * imageBytes + row * window.stride() * lineBytes;
                for (int column = 0; column < columns; column++) {
                    long corner = line + (long) column * window.stride() * pixelBytes;
                    maxOfWindow(corner, y + done, positions + done / Float.BYTES);
                    done += pixelBytes;
                }
            }
        }
    }

    private void maxOfWindow(long corner, long y, long positions) {
        for (int c = 0; c < pixelBytes; c += STEP) {
            FloatVector best = fromMemorySegment(SPECIES, MEMORY, corner + c, ORDER);
            IntVector position = IntVector.zero(INTS);
            int p = 0;
            for (int h = 0; h < window.height(); h++) {
                for (int w = 0; w < window.width(); w++) {
                    FloatVector other =
                            fromMemorySegment(
                                    SPECIES,
                                    MEMORY,
                                    corner + h * lineBytes + (long) w * pixelBytes + c,
                                    ORDER);
                    VectorMask<Float> kept = other.compare(VectorOperators.GT, best).not();
                    best = other.blend(best, kept);
                    position = IntVector.broadcast(INTS, p++).blend(position, kept.cast(INTS));
                }
            }
            best.intoMemorySegment(MEMORY, y + c, ORDER);
            ((ByteVector) position.convertShape(VectorOperators.I2B, Positions.BYTES, 0))
                    .intoMemorySegment(MEMORY, positions + c / Float.BYTES, ORDER);
        }
    }

    private void maxGrad(long dy, long positions, long dx) {
        long done = 0;
        for (long b = 0; b < batch; b++) {
            if (!everyPixel) {
                Floats.clear(dx + b * imageBytes, imageBytes);
            }
            for (long row = 0; row < rows; row++) {
                long line = dx + b * imageBytes + row * window.stride() * lineBytes;
                for (int column = 0; column < columns; column++) {
                    long corner = line + (long) column * window.stride() * pixelBytes;
                    spreadOverWindow(dy + done, positions + done / Float.BYTES, corner);
                    done += pixelBytes;
                }
            }
        }
    }

    private void spreadOverWindow(long dy, long positions, long corner) {
        for (int c = 0; c < pixelBytes; c += STEP) {
            FloatVector gradient = fromMemorySegment(SPECIES, MEMORY, dy + c, ORDER);
            ByteVector bytes =
                    ByteVector.fromMemorySegment(
                            Positions.BYTES, MEMORY, positions + c / Float.BYTES, ORDER);
            var position = (IntVector) bytes.convertShape(VectorOperators.B2I, INTS, 0);
            int p = 0;
            for (int h = 0; h < window.height(); h++) {
                for (int w = 0; w < window.width(); w++) {
                    VectorMask<Float> here =
                            position.compare(VectorOperators.EQ, p++).cast(SPECIES);
                    zero(SPECIES)
                            .blend(gradient, here)
                            .intoMemorySegment(
                                    MEMORY,
                                    corner + h * lineBytes + (long) w * pixelBytes + c,
                                    ORDER);
                }
            }
        }
    }

    /// Positions as one byte each; only loaded where vectors are long enough for it.
    private static final class Positions {
        static final VectorSpecies<Byte> BYTES =
                VectorSpecies.of(byte.class, VectorShape.forBitSize(LANES * Byte.SIZE));
    }
}
