package dev.partita.runtime.execute;

import dev.partita.runtime.collective.LocalGroup;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// What the devices decide together during one step: to commit it, to skip its updates, to end it
/// at a check or to give it up. The first decision holds for all, and takes one compare-and-set, no
/// waiting. A device commits before its first update of a weight; after that nothing but a failure
/// stops any device. Not every device need know what is checked, or have a weight to update.
final class StepControl {
    private static final int OPEN = 0;
    private static final int COMMITTED = 1;
    private static final int GIVEN_UP = 2;
    private static final int SKIPPED = 3;
    private static final int NOT_FINITE = 4;

    private final List<LocalGroup> groups;
    private final AtomicInteger decision = new AtomicInteger();
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    private volatile boolean cancelRequested;

    StepControl(List<LocalGroup> groups) {
        this.groups = groups;
    }

    /// Begins a step. Every device is idle.
    void begin() {
        decision.set(OPEN);
        failure.set(null);
    }

    /// Asks for the step to end. It may still complete, if a device has committed it already.
    void requestCancel() {
        cancelRequested = true;
    }

    boolean isCancelRequested() {
        return cancelRequested;
    }

    /// The request was answered.
    void clearCancelRequest() {
        cancelRequested = false;
    }

    /// Asked by a device between plan steps: whether it is to stop here.
    boolean isGivenUp() {
        int now = decision.get();
        boolean ended = now != OPEN && now != COMMITTED;
        return ended || (cancelRequested && giveUp());
    }

    /// Gives the step up, unless it is committed. Devices that wait for others are freed.
    boolean giveUp() {
        boolean givenUp = decide(GIVEN_UP) == GIVEN_UP;
        if (givenUp) {
            groups.forEach(LocalGroup::abort);
        }
        return givenUp;
    }

    /// Asked by a device whose gradients are not finite: true if no device changes a weight in this
    /// step. Devices that wait for others are freed.
    ///
    /// @throws IllegalStateException if another device found them finite
    boolean skip() {
        return end(SKIPPED);
    }

    /// Asked by a device that found a number that is not finite: true if the step ends for that.
    /// Devices that wait for others are freed.
    ///
    /// @throws IllegalStateException if another device found it finite
    boolean endNotFinite() {
        return end(NOT_FINITE);
    }

    private boolean end(int wish) {
        int decided = decide(wish);
        if (decided == COMMITTED) {
            throw new IllegalStateException("devices disagree on whether a number is finite");
        }
        groups.forEach(LocalGroup::abort);
        return decided == wish;
    }

    /// After the step: whether it ended at a check.
    boolean isNotFinite() {
        return decision.get() == NOT_FINITE;
    }

    /// After the step: whether all devices skipped their updates.
    boolean isSkipped() {
        return decision.get() == SKIPPED;
    }

    /// True if the step is to be completed.
    boolean commit() {
        return decide(COMMITTED) == COMMITTED;
    }

    /// A device failed: all others stop as soon as they would wait for it.
    void fail(Throwable e) {
        failure.compareAndSet(null, e);
        decide(GIVEN_UP);
        groups.forEach(LocalGroup::abort);
    }

    private int decide(int wish) {
        int before = decision.compareAndExchange(OPEN, wish);
        return before == OPEN ? wish : before;
    }

    /// After the step: whether weights may have changed.
    boolean isCommitted() {
        return decision.get() == COMMITTED;
    }

    /// After the step: what the first failing device threw.
    @Nullable Throwable failure() {
        return failure.get();
    }

    /// Makes the groups usable again after a step that did not complete. Every device is idle.
    void resetGroups() {
        groups.forEach(LocalGroup::reset);
    }
}
