package dev.partita.kernels.cpu;

import dev.partita.dsl.tensor.Dtype;
import dev.partita.kernels.KernelLibraries;
import dev.partita.kernels.KernelLibrary;
import java.util.Arrays;
import java.util.List;

/// Measures a ConvNet training step of our kernels against oneDNN's primitives alone, on one
/// thread: both in turn, so that whatever else the machine does slows both.
final class ConvNetPrimitives {
    private static final int BATCH = 256;
    private static final int ROUNDS = 60;
    private static final int WARM_UP = 20;

    private ConvNetPrimitives() {}

    public static void main(String[] arguments) {
        KernelLibrary cpu = KernelLibraries.cpu();
        cpu.prepareThread();
        try (var ceiling = PrimitiveCeiling.convNet(BATCH, Dtype.F32).orElseThrow();
                var step = new ConvNetStep(cpu, BATCH)) {
            var ceilings = new double[ROUNDS];
            var steps = new double[ROUNDS];
            List<ConvNetStep.Named> kernels = step.kernels();
            var best = new double[kernels.size()];
            Arrays.fill(best, Double.MAX_VALUE);
            for (int round = -WARM_UP; round < ROUNDS; round++) {
                double primitives = milliseconds(ceiling::step);
                double ours = milliseconds(step::run);
                if (round >= 0) {
                    ceilings[round] = primitives;
                    steps[round] = ours;
                }
                for (int i = 0; i < best.length; i++) {
                    best[i] = Math.min(best[i], milliseconds(kernels.get(i).kernel()::run));
                }
            }
            for (int i = 0; i < best.length; i++) {
                System.out.printf("%8.3f ms  %s%n", best[i], kernels.get(i).name());
            }
            print("primitives", ceilings);
            print("our step", steps);
            System.out.printf(
                    "fraction of primitives: median %.3f, best %.3f%n",
                    median(ceilings) / median(steps), best(ceilings) / best(steps));
        }
    }

    private static void print(String what, double[] times) {
        System.out.printf("%s: median %.3f ms, best %.3f ms%n", what, median(times), best(times));
    }

    private static double median(double[] times) {
        return Arrays.stream(times).sorted().toArray()[times.length / 2];
    }

    private static double best(double[] times) {
        return Arrays.stream(times).min().orElseThrow();
    }

    private static double milliseconds(Runnable work) {
        long start = System.nanoTime();
        work.run();
        return (System.nanoTime() - start) / 1e6;
    }
}
