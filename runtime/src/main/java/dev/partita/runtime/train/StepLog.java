package dev.partita.runtime.train;

import dev.partita.runtime.execute.ScalarOutput;
import dev.partita.runtime.execute.Session;
import dev.partita.runtime.train.TrainingListener.Progress;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/// Writes down every step of a run. Its room is taken at the start, so that writing allocates
/// nothing.
final class StepLog {
    private final Session session;
    private final ScalarOutput loss;
    private final ScalarOutput gradNorm;
    private final ExpertLog experts;
    private final int batch;
    private final int before;
    private final double[] losses;
    private final double[] gradNorms;
    private final double[] millis;
    private final long[] allocated;
    private int steps;

    /// What each device had worked when half of the steps were done.
    private List<Long> busyHalfway = List.of();

    /// When the first step ended, later by all pauses.
    private long since;

    private long pausedAt;

    /// @param before steps that an earlier run has done
    /// @param capacity steps that this one does at most
    StepLog(Session session, int before, int capacity, int batch) {
        this.session = session;
        this.before = before;
        this.batch = batch;
        loss = session.scalarOutput("loss");
        gradNorm = session.scalarOutput("gradient-norm");
        experts = new ExpertLog(session, capacity);
        losses = new double[capacity];
        gradNorms = new double[capacity];
        millis = new double[capacity];
        allocated = new long[capacity];
    }

    /// A step of the session is complete.
    void add(long nanos) {
        losses[steps] = loss.value();
        gradNorms[steps] = gradNorm.value();
        millis[steps] = nanos / 1e6;
        experts.add();
        allocated[steps] = session.allocatedBytes();
        steps++;
        if (steps == 1) {
            since = System.nanoTime();
        }
        if (steps == halfway()) {
            busyHalfway = session.busyNanos();
        }
    }

    int steps() {
        return steps;
    }

    /// From here to [#resume] is not training time.
    void pause() {
        pausedAt = System.nanoTime();
    }

    void resume() {
        since += System.nanoTime() - pausedAt;
    }

    Progress progress(int epoch) {
        double speed = samplesPerSecond();
        double left = (losses.length - steps) * (double) batch / speed;
        int last = steps - 1;
        return new Progress(
                before + steps,
                before + losses.length,
                epoch,
                losses[last],
                gradNorms[last],
                speed,
                left);
    }

    /// Over all steps but the first, which waits for code to be compiled; a single step is its own
    /// measure.
    double samplesPerSecond() {
        if (steps < 2) {
            return steps == 0 ? 0 : batch / millis[0] * 1e3;
        }
        return (steps - 1.0) * batch / (System.nanoTime() - since) * 1e9;
    }

    List<Double> losses() {
        return written(losses);
    }

    List<Double> gradNorms() {
        return written(gradNorms);
    }

    List<ExpertLoad> experts() {
        return experts.loads();
    }

    List<Double> millis() {
        return written(millis);
    }

    private int halfway() {
        return losses.length / 2;
    }

    /// The part of the second half of the steps in which each device worked; empty before that.
    List<Double> busy() {
        List<Long> busy = session.busyNanos();
        double nanos = 1e6 * Arrays.stream(millis, Math.min(halfway(), steps), steps).sum();
        return IntStream.range(0, nanos == 0 ? 0 : busyHalfway.size())
                .mapToObj(device -> (busy.get(device) - busyHalfway.get(device)) / nanos)
                .toList();
    }

    private List<Double> written(double[] values) {
        return Arrays.stream(values, 0, steps).boxed().toList();
    }

    /// The mean over the second half of the steps.
    long allocatedBytesPerStep() {
        return Math.round(Arrays.stream(allocated, steps / 2, steps).average().orElse(0));
    }
}
