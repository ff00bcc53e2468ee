package dev.partita.kernels.cpu;

import static com.google.common.truth.Truth.assertThat;
import static com.google.common.truth.TruthJUnit.assume;

import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class ThreadSetupTest {
    @Test
    void a_prepared_thread_flushes_subnormal_numbers_to_zero() throws InterruptedException {
        assume().that(ThreadSetup.flushesSubnormals()).isTrue();
        assertThat(half(Float.MIN_NORMAL, () -> {})).isGreaterThan(0f);
        assertThat(half(Float.MIN_NORMAL, ThreadSetup::prepare)).isEqualTo(0f);
    }

    private static float half(float value, Runnable before) throws InterruptedException {
        var result = new AtomicReference<Float>(Float.NaN);
        Thread thread =
                Thread.ofPlatform()
                        .start(() -> {
                            before.run();
                            result.set(value * 0.5f);
                        });
        thread.join();
        return result.get();
    }
}
