package dev.partita.runtime.collective;

/// How long one device has waited for others, over all its collectives. Written by the device's
/// thread; read by others while the device is idle.
public final class WaitClock {
    private long nanos;

    /// A clock that has not waited yet.
    public WaitClock() {}

    void add(long more) {
        nanos += more;
    }

    /// Nanoseconds waited so far.
    public long nanos() {
        return nanos;
    }
}
