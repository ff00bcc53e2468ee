package dev.partita.runtime.execute;

import com.sun.management.ThreadMXBean;
import dev.partita.compiler.plan.Program;
import dev.partita.compiler.plan.Step;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.kernels.GroupSum;
import dev.partita.kernels.Kernel;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/// Runs kernels before the first step until they stop making garbage. The Vector API is free of
/// objects only once the JIT has compiled it, which takes thousands of passes through a loop: large
/// tensors bring them in the first step, small ones would take minutes. One device does it for all,
/// since they share the code; values do not matter.
final class Rehearsal {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final long KERNEL_NANOS = 2_000_000_000;
    private static final long TOTAL_NANOS = 6_000_000_000L;

    /// Steps on larger tensors warm up by themselves.
    private static final long LARGEST_BYTES = 1 << 24;

    private static final long LONGEST_SUM = 4096;

    private final Program program;
    private final BoundSteps bound;
    private final SlotBuffers buffers;
    private final StepControl control;
    private final long deadline = System.nanoTime() + TOTAL_NANOS;

    private Rehearsal(Program program, BoundSteps bound, SlotBuffers buffers, StepControl control) {
        this.program = program;
        this.bound = bound;
        this.buffers = buffers;
        this.control = control;
    }

    /// Leaves behind any values in the slots. A cancel request ends it.
    static void run(Program program, BoundSteps bound, SlotBuffers buffers, StepControl control) {
        new Rehearsal(program, bound, buffers, control).run();
    }

    private void run() {
        program.steps().stream()
                .filter(Step.Compute.class::isInstance)
                .map(Step.Compute.class::cast)
                .filter(compute -> bytes(compute) <= LARGEST_BYTES)
                .sorted(Comparator.comparingLong(this::bytes))
                .forEach(this::rehearse);
        program.collectives().mapToInt(start -> start.op().size()).distinct().forEach(this::sums);
    }

    private void rehearse(Step.Compute compute) {
        // labels and counters must be legal numbers, and another kernel may have used their memory
        compute.reads().stream()
                .filter(slot -> !program.slot(slot).type().dtype().isFloating())
                .forEach(slot -> buffers.get(slot).memory().fill((byte) 0));
        untilClean(bound.kernel(compute.id()));
    }

    private long bytes(Step.Compute compute) {
        return IntStream.concat(
                        compute.reads().stream().mapToInt(i -> i),
                        compute.writes().stream().mapToInt(i -> i))
                .mapToLong(slot -> program.slot(slot).type().bytes())
                .sum();
    }

    /// Sums over groups of this many members, long and short ones by turns: code compiled for one
    /// kind alone is thrown away when the other comes.
    private void sums(int members) {
        try (var arena = Arena.ofConfined()) {
            var sources = new MemorySegment[members];
            Arrays.setAll(sources, i -> arena.allocate(LONGEST_SUM, 64));
            untilClean(() -> {
                for (long bytes = LONGEST_SUM; bytes > 0; bytes /= 4) {
                    GroupSum.sum(Dtype.F32, sources, 0, bytes, sources[0], 0);
                }
            });
        }
    }

    private void untilClean(Kernel kernel) {
        long end = Math.min(deadline, System.nanoTime() + KERNEL_NANOS);
        boolean clean = control.isCancelRequested();
        while (!clean && System.nanoTime() < end) {
            long before = THREADS.getCurrentThreadAllocatedBytes();
            kernel.run();
            clean =
                    THREADS.getCurrentThreadAllocatedBytes() == before
                            || control.isCancelRequested();
        }
    }
}
