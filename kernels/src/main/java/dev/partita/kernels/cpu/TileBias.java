package dev.partita.kernels.cpu;

import static dev.partita.kernels.cpu.Floats.MEMORY;
import static dev.partita.kernels.cpu.Floats.ORDER;
import static dev.partita.kernels.cpu.Floats.SPECIES;
import static dev.partita.kernels.cpu.Floats.STEP;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import dev.partita.kernels.Kernel;
import dev.partita.kernels.KernelRequest;
import java.lang.foreign.MemorySegment;

/// Adds a bias along the innermost dim. Rows may be narrower than a vector, so the bias is repeated
/// to a long pattern, which is then added like any operand.
final class TileBias {
    private TileBias() {}

    static Kernel kernel(KernelRequest request) {
        MemorySegment bias = request.operand(1).memory();
        long elements = request.result(0).type().shape().elements();
        int width = Math.toIntExact(request.operand(1).type().shape().elements());
        int length = Repeated.length(width);
        var x = new Stretches(request.operand(0), length);
        var y = new Stretches(request.result(0), length);
        var pattern = new Repeated(width);
        return () -> {
            pattern.load(bias, 0);
            for (long start = 0; start < elements; start += length) {
                long n = Math.min(length, elements - start);
                long from = x.read(start, n, 0);
                add(from, pattern.address(), y.place(start, n), Stretches.bytes(n));
                y.written(start, n);
            }
        };
    }

    private static void add(long x, long pattern, long y, long bytes) {
        for (long i = 0; i < bytes; i += STEP) {
            fromMemorySegment(SPECIES, MEMORY, x + i, ORDER)
                    .add(fromMemorySegment(SPECIES, MEMORY, pattern + i, ORDER))
                    .intoMemorySegment(MEMORY, y + i, ORDER);
        }
    }
}
