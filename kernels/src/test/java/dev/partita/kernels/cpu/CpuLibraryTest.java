package dev.partita.kernels.cpu;

import static com.google.common.truth.Truth.assertThat;
import static com.google.common.truth.Truth.assertWithMessage;

import com.sun.management.ThreadMXBean;
import dev.partita.dsl.graph.Op;
import dev.partita.kernels.Trial;
import dev.partita.kernels.Types;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class CpuLibraryTest {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final int RUNS = 100;
    private static final int ATTEMPTS = 20_000;

    /// Until the compiler has seen a kernel often enough, its vectors are objects.
    @Test
    void a_kernel_that_is_compiled_allocates_nothing_on_the_heap() {
        try (var step = new ConvNetStep(new CpuLibrary(), 16)) {
            for (ConvNetStep.Named named : step.kernels()) {
                long bytes = allocatedByRuns(named);
                for (int attempt = 1; bytes > 0 && attempt < ATTEMPTS; attempt++) {
                    bytes = allocatedByRuns(named);
                }
                assertWithMessage("%s, bytes per %s runs", named.name(), RUNS)
                        .that(bytes)
                        .isEqualTo(0);
            }
        }
    }

    private static long allocatedByRuns(ConvNetStep.Named named) {
        long before = THREADS.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < RUNS; i++) {
            named.kernel().run();
        }
        return THREADS.getCurrentThreadAllocatedBytes() - before;
    }

    @Test
    void the_same_operands_give_the_same_bits_every_time() {
        var trial =
                Trial.of(1, Op.Einsum.of("bk,ok->bo"), Types.f32("33,170"), Types.f32("65,170"));
        List<double[]> once = trial.run(new CpuLibrary()).orElseThrow();
        IntStream.range(0, 20)
                .mapToObj(_ -> trial.run(new CpuLibrary()).orElseThrow())
                .forEach(again -> assertThat(again.getFirst()).isEqualTo(once.getFirst()));
    }

    @Test
    void f64_is_computed_by_the_reference() {
        Trial.of(2, Op.Einsum.of("bk,ok->bo"), Types.f64("3,17"), Types.f64("5,17"))
                .agrees(new CpuLibrary(), 0);
    }
}
