package dev.partita.shell.bench;

import dev.partita.dsl.tensor.Dtype;
import dev.partita.kernels.KernelLibraries;
import dev.partita.kernels.cpu.MatmulCeiling;
import java.util.Optional;

/// The most arithmetic that one core can do, as a contestant.
record Ceiling(MatmulCeiling matmul) implements Contestant {
    /// Opens a matmul of this type on this thread, under the conditions of a device's; in `f32`
    /// where the type has no fast code, and empty where there is no oneDNN.
    static Optional<Ceiling> of(Dtype dtype) {
        KernelLibraries.cpu().prepareThread();
        return MatmulCeiling.of(dtype).or(() -> MatmulCeiling.of(Dtype.F32)).map(Ceiling::new);
    }

    /// The part of this ceiling that so many operations in so much time are.
    double fraction(long operations, double millis, double ceilingMillis) {
        return operations / millis / (matmul.arithmetic() / ceilingMillis);
    }

    @Override
    public long run(int times) {
        long start = System.nanoTime();
        for (int i = 0; i < times; i++) {
            matmul.step();
        }
        return System.nanoTime() - start;
    }

    @Override
    public void close() {
        matmul.close();
    }
}
