package dev.partita.runtime.execute;

import dev.partita.runtime.collective.WaitClock;

/// Writes down when the plan steps of one device end. All its room is taken when it is made, so
/// that a step that is timed allocates no more than any other.
final class StepClock {
    private final WaitClock waits;

    /// When each plan step of the last run ended, and before them when the run began.
    private final long[] ticks;

    /// How long the device had waited for others by then.
    private final long[] waited;

    /// Of each plan step the time that it took in all runs.
    private final long[] sums;

    StepClock(int steps, WaitClock waits) {
        this.waits = waits;
        ticks = new long[steps + 1];
        waited = new long[steps + 1];
        sums = new long[steps];
    }

    /// A run begins.
    void begin() {
        ticks[0] = System.nanoTime();
        waited[0] = waits.nanos();
    }

    /// Plan step `i` is done.
    void tick(int i) {
        ticks[i + 1] = System.nanoTime();
        waited[i + 1] = waits.nanos();
        sums[i] += ticks[i + 1] - ticks[i];
    }

    /// When plan step `i` of the last run began, or the end of the run.
    long start(int i) {
        return ticks[i];
    }

    long end(int i) {
        return ticks[i + 1];
    }

    /// How long the device waited for others in plan step `i` of the last run.
    long waited(int i) {
        return waited[i + 1] - waited[i];
    }

    /// Nanoseconds of plan step `i` in all runs.
    long sum(int i) {
        return sums[i];
    }
}
