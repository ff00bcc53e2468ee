package dev.partita.runtime.collective;

import java.util.ArrayList;
import java.util.function.IntConsumer;

/// Runs one body per member, each on a thread of its own, and passes on what the first failing one
/// threw.
final class Members {
    private Members() {}

    static void run(int members, IntConsumer body) {
        var threads = new ArrayList<Thread>();
        var failures = new Throwable[members];
        for (int i = 0; i < members; i++) {
            int rank = i;
            threads.add(
                    Thread.ofPlatform()
                            .daemon()
                            .name("member " + rank)
                            .start(() -> {
                                try {
                                    body.accept(rank);
                                } catch (Throwable e) {
                                    failures[rank] = e;
                                }
                            }));
        }
        for (Thread thread : threads) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }
        for (Throwable failure : failures) {
            if (failure != null) {
                throw new AssertionError("a member failed: " + failure, failure);
            }
        }
    }
}
