package dev.partita.shell.command;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// While open, Ctrl-C interrupts the thread that opened it and gives it time to end what it does
/// and to write its result.
final class Interruption implements AutoCloseable {
    private static final long PATIENCE_SECONDS = 30;

    private final CountDownLatch closed = new CountDownLatch(1);
    private final Thread hook;

    private Interruption(Thread worker) {
        hook =
                new Thread(
                        () -> {
                            worker.interrupt();
                            awaitClosed();
                        },
                        "end training");
    }

    static Interruption ofThisThread() {
        var interruption = new Interruption(Thread.currentThread());
        Runtime.getRuntime().addShutdownHook(interruption.hook);
        return interruption;
    }

    private void awaitClosed() {
        try {
            closed.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // The process is ending: the hook runs and waits for this.
            closed.countDown();
        }
    }
}
