package dev.partita.shell.bench;

import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.kernels.KernelLibraries;
import dev.partita.kernels.cpu.PrimitiveCeiling;

/// The primitives of oneDNN that the ConvNet is made of, alone: no step is faster.
record Primitives(PrimitiveCeiling ceiling) implements Contestant {
    /// Opens them on this thread, under the conditions of a device's.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `Unsupported` where there is no oneDNN
    static Primitives ofConvNet(int batch) {
        KernelLibraries.cpu().prepareThread();
        return new Primitives(
                PrimitiveCeiling.convNet(batch, Dtype.F32)
                        .orElseThrow(() ->
                                Problem.of(
                                                ProblemCode.UNSUPPORTED,
                                                "There is no oneDNN here to measure against.")
                                        .fix("partita doctor")
                                        .exception()));
    }

    @Override
    public long run(int times) {
        long start = System.nanoTime();
        for (int i = 0; i < times; i++) {
            ceiling.step();
        }
        return System.nanoTime() - start;
    }

    @Override
    public void close() {
        ceiling.close();
    }
}
