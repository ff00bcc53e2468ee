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
    private static final int WARM_UP = 20_000;
    private static final int RUNS = 1000;

    @Test
    void running_a_kernel_allocates_nothing_on_the_heap() {
        var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        try (var step = new ConvNetStep(new CpuLibrary(), 2)) {
            for (int i = 0; i < WARM_UP; i++) {
                step.run();
            }
            for (ConvNetStep.Named named : step.kernels()) {
                long before = threads.getCurrentThreadAllocatedBytes();
                for (int i = 0; i < RUNS; i++) {
                    named.kernel().run();
                }
                long after = threads.getCurrentThreadAllocatedBytes();
                assertWithMessage("%s, bytes per run", named.name())
                        .that((after - before) / RUNS)
                        .isEqualTo(0);
            }
        }
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
