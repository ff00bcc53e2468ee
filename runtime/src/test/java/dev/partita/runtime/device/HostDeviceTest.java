package dev.partita.runtime.device;

import static com.google.common.truth.Truth.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

final class HostDeviceTest {
    @Test
    void all_work_runs_on_the_one_thread_of_the_device() {
        var threads = new ArrayList<Thread>();
        try (var device = new HostDevice(5, 64)) {
            for (int i = 0; i < 100; i++) {
                device.start(() -> threads.add(Thread.currentThread()));
                assertThat(device.await(HostDeviceTest::nothing)).isNull();
            }
        }
        assertThat(threads).hasSize(100);
        assertThat(threads.stream().distinct().count()).isEqualTo(1);
        assertThat(threads.getFirst().getName()).isEqualTo("device 5");
        assertThat(threads.getFirst().isAlive()).isFalse();
    }

    @Test
    void what_the_work_throws_is_handed_to_who_awaits_it_and_the_device_goes_on() {
        try (var device = new HostDevice(0, 64)) {
            var boom = new IllegalStateException("boom");
            device.start(() -> {
                throw boom;
            });
            assertThat(device.await(HostDeviceTest::nothing)).isSameInstanceAs(boom);
            device.start(HostDeviceTest::nothing);
            assertThat(device.await(HostDeviceTest::nothing)).isNull();
        }
    }

    @Test
    void an_interrupt_of_the_caller_is_told_at_once_and_stays_pending() {
        try (var device = new HostDevice(0, 64)) {
            var release = new CountDownLatch(1);
            var told = new AtomicInteger();
            device.start(() -> {
                try {
                    release.await();
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
            });
            Thread.currentThread().interrupt();
            // the work ends only because the interrupt was told
            device.await(() -> {
                told.incrementAndGet();
                release.countDown();
            });
            assertThat(Thread.interrupted()).isTrue();
            assertThat(told.get()).isEqualTo(1);
        }
    }

    @Test
    void a_device_takes_one_piece_of_work_at_a_time_and_none_after_it_is_closed() {
        var device = new HostDevice(0, 64);
        device.start(() -> {});
        device.await(HostDeviceTest::nothing);
        var release = new CountDownLatch(1);
        device.start(() -> {
            try {
                release.await();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        });
        assertThrows(IllegalStateException.class, () -> device.start(HostDeviceTest::nothing));
        release.countDown();
        device.await(HostDeviceTest::nothing);
        device.close();
        device.close();
        assertThrows(IllegalStateException.class, () -> device.start(HostDeviceTest::nothing));
    }

    @Test
    void handing_over_work_allocates_nothing_on_the_device() {
        try (var device = new HostDevice(0, 64)) {
            repeat(device, 2_000);
            long before = device.allocatedBytes();
            repeat(device, 200);
            assertThat(device.allocatedBytes() - before).isLessThan(200);
        }
    }

    private static void repeat(HostDevice device, int times) {
        for (int i = 0; i < times; i++) {
            device.start(HostDeviceTest::nothing);
            device.await(HostDeviceTest::nothing);
        }
    }

    private static void nothing() {}
}
