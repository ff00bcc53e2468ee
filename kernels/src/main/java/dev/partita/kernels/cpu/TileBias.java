package dev.partita.kernels.cpu;

import static dev.partita.kernels.cpu.Floats.SPECIES;
import static jdk.incubator.vector.FloatVector.fromArray;

import dev.partita.kernels.Kernel;
import dev.partita.kernels.KernelRequest;
import java.lang.foreign.MemorySegment;

/// Adds a bias along the innermost dim. Rows may be narrower than a vector, so the bias is repeated
/// to a long pattern, which is then added like any operand.
final class TileBias {
    private TileBias() {}

    static Kernel kernel(KernelRequest request) {
        MemorySegment x = request.operand(0).memory();
        MemorySegment bias = request.operand(1).memory();
        MemorySegment y = request.result(0).memory();
        long elements = request.result(0).type().shape().elements();
        int width = Math.toIntExact(request.operand(1).type().shape().elements());
        int length = width * Math.max(1, Tile.LENGTH / width);
        float[] pattern = Tile.forWidth(length);
        float[] tile = Tile.forWidth(length);
        return () -> {
            Tile.load(bias, 0, pattern, width);
            for (int at = width; at < length; at += width) {
                System.arraycopy(pattern, 0, pattern, at, width);
            }
            for (long start = 0; start < elements; start += length) {
                int n = (int) Math.min(length, elements - start);
                Tile.load(x, start, tile, n);
                for (int i = 0; i < n; i += Floats.LANES) {
                    fromArray(SPECIES, tile, i)
                            .add(fromArray(SPECIES, pattern, i))
                            .intoArray(tile, i);
                }
                Tile.store(tile, y, start, n);
            }
        };
    }
}
