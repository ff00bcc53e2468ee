package dev.partita.runtime.device;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// A virtual device on this machine's processor: one platform thread that does one piece of work
/// after the other, and the memory it works in. Handing over work allocates nothing on the Java
/// heap.
///
/// One outside thread at a time calls [#start] and [#await] in turns.
public final class HostDevice implements AutoCloseable {
    private static final int SPINS = 2_000;
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private final int rank;
    private final DeviceMemory memory;
    private final Thread thread;
    private volatile @Nullable Runnable work;
    private volatile @Nullable Thread waiter;
    private volatile boolean closing;
    private @Nullable Throwable failure;

    /// Opens device `rank` with `bytes` of memory.
    public HostDevice(int rank, long bytes) {
        this.rank = rank;
        memory = new DeviceMemory(rank, bytes);
        thread = Thread.ofPlatform().daemon().name("device " + rank).start(this::serve);
    }

    public int rank() {
        return rank;
    }

    public DeviceMemory memory() {
        return memory;
    }

    /// Bytes that this device's thread has allocated on the Java heap so far.
    public long allocatedBytes() {
        return THREADS.getThreadAllocatedBytes(thread.threadId());
    }

    /// Hands over work and returns at once.
    ///
    /// @throws IllegalStateException if the last piece was not awaited, or the device is closed
    public void start(Runnable piece) {
        if (work != null || closing) {
            throw new IllegalStateException(
                    "device " + rank + (closing ? " is closed" : " is busy"));
        }
        failure = null;
        waiter = Thread.currentThread();
        work = piece;
        LockSupport.unpark(thread);
    }

    /// True if the work handed over is done.
    public boolean isIdle() {
        return work == null;
    }

    /// Waits until the work handed over is done, whether it succeeded or not. An interrupt of the
    /// caller does not end the wait; it runs `onInterrupt` once and stays pending for whoever looks
    /// next.
    ///
    /// @return what the work threw, or null
    public @Nullable Throwable await(Runnable onInterrupt) {
        boolean interrupted = false;
        for (int tries = 0; work != null; tries++) {
            if (!interrupted && Thread.interrupted()) {
                interrupted = true;
                onInterrupt.run();
            }
            if (tries < SPINS) {
                Thread.onSpinWait();
            } else {
                LockSupport.park(this);
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        return failure;
    }

    private void serve() {
        while (!closing) {
            Runnable piece = next();
            if (piece == null) {
                return;
            }
            try {
                piece.run();
            } catch (Throwable e) {
                failure = e;
            }
            Thread caller = waiter;
            work = null;
            LockSupport.unpark(caller);
        }
    }

    private @Nullable Runnable next() {
        for (int tries = 0; ; tries++) {
            Runnable piece = work;
            if (piece != null || closing) {
                return piece;
            }
            if (tries < SPINS) {
                Thread.onSpinWait();
            } else {
                LockSupport.park(this);
            }
        }
    }

    /// Lets the thread finish its work, ends it and frees the memory. Closing again does nothing.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `DeviceFailed` if something was written
    ///   behind the end of the memory
    @Override
    public void close() {
        closing = true;
        LockSupport.unpark(thread);
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        memory.close();
    }
}
