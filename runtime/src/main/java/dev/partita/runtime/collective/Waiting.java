package dev.partita.runtime.collective;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/// How a member waits for the others without allocating: it spins where every member can have a
/// core of its own, then offers its core to others, then sleeps for moments, so that many more
/// devices than cores get on.
final class Waiting {
    private static final int SPINS = 2_000;
    private static final int YIELDS = 100;
    private static final long SLEEP_NANOS = 50_000;

    private final LocalGroup group;
    private final int spins;

    Waiting(LocalGroup group, int threads) {
        this.group = group;
        spins = threads <= Runtime.getRuntime().availableProcessors() ? SPINS : 0;
    }

    /// Returns when `counter` has reached `value`.
    ///
    /// @param clock counts the time until then
    /// @throws GroupAbortedException if the group is aborted
    void until(AtomicLong counter, long value, WaitClock clock) {
        if (counter.get() < value) {
            long start = System.nanoTime();
            await(counter, value);
            clock.add(System.nanoTime() - start);
        }
    }

    // yielding is a courtesy to other threads here, nothing rests on it
    @SuppressWarnings("ThreadPriorityCheck")
    private void await(AtomicLong counter, long value) {
        for (int tries = 0; counter.get() < value; tries++) {
            if (group.isAborted()) {
                throw new GroupAbortedException();
            }
            if (tries < spins) {
                Thread.onSpinWait();
            } else if (tries < spins + YIELDS) {
                Thread.yield();
            } else {
                LockSupport.parkNanos(SLEEP_NANOS);
            }
        }
    }
}
