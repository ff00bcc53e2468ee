package dev.partita.kernels.cpu;

import static dev.partita.kernels.cpu.Floats.LANES;

import dev.partita.dsl.graph.Elementwise;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.kernels.Kernel;
import dev.partita.kernels.KernelRequest;
import java.util.Optional;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/// Relu and its gradient on the bits of half floats: as integers these are ordered like the
/// numbers, negative ones are negative, and NaN lies beyond infinity.
final class HalfRelu {
    private static final VectorSpecies<Short> SHORTS = ShortVector.SPECIES_PREFERRED;
    private static final int LANES = SHORTS.length();
    private static final short MAGNITUDE = 0x7FFF;

    private HalfRelu() {}

    /// Empty for other ops. All buffers are of one half type.
    static Optional<Kernel> open(Elementwise op, KernelRequest request) {
        Dtype half = request.result(0).type().dtype();
        short infinity = HalfFloats.narrow(half, Float.POSITIVE_INFINITY);
        long count = request.result(0).type().shape().elements();
        long x = request.operand(0).memory().address();
        long result = request.result(0).memory().address();
        if (op instanceof Elementwise.Relu) {
            return Optional.of(() -> relu(x, result, count, infinity));
        }
        if (op instanceof Elementwise.ReluGrad) {
            long dy = request.operand(1).memory().address();
            return Optional.of(() -> gradient(x, dy, result, count, infinity));
        }
        return Optional.empty();
    }

    /// Zero where the number is negative and not NaN.
    private static void relu(long x, long y, long count, short infinity) {
        long whole = count - count % LANES;
        for (long i = 0; i < whole; i += LANES) {
            ShortVector bits =
                    ShortVector.fromMemorySegment(SHORTS, Floats.MEMORY, x + 2 * i, Floats.ORDER);
            var zero =
                    bits.compare(VectorOperators.LT, 0)
                            .and(bits.and(MAGNITUDE).compare(VectorOperators.LE, infinity));
            bits.blend(0, zero).intoMemorySegment(Floats.MEMORY, y + 2 * i, Floats.ORDER);
        }
        for (long i = whole; i < count; i++) {
            short bits = Floats.getShort(x + 2 * i);
            boolean zero = bits < 0 && (bits & MAGNITUDE) <= infinity;
            Floats.setShort(y + 2 * i, zero ? 0 : bits);
        }
    }

    /// The slope where the result of the relu is a number above zero, else zero.
    private static void gradient(long y, long dy, long dx, long count, short infinity) {
        long whole = count - count % LANES;
        for (long i = 0; i < whole; i += LANES) {
            ShortVector bits =
                    ShortVector.fromMemorySegment(SHORTS, Floats.MEMORY, y + 2 * i, Floats.ORDER);
            var passes =
                    bits.compare(VectorOperators.GT, 0)
                            .and(bits.compare(VectorOperators.LE, infinity));
            ShortVector.zero(SHORTS)
                    .blend(
                            ShortVector.fromMemorySegment(
                                    SHORTS, Floats.MEMORY, dy + 2 * i, Floats.ORDER),
                            passes)
                    .intoMemorySegment(Floats.MEMORY, dx + 2 * i, Floats.ORDER);
        }
        for (long i = whole; i < count; i++) {
            short bits = Floats.getShort(y + 2 * i);
            boolean passes = bits > 0 && bits <= infinity;
            Floats.setShort(dx + 2 * i, passes ? Floats.getShort(dy + 2 * i) : 0);
        }
    }
}
