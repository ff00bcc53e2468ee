package dev.partita.shell.bench;

/// One that takes turns in a [Contest].
public interface Contestant extends AutoCloseable {
    /// Does the same piece of work this many times, as fast as it can.
    ///
    /// @return the nanoseconds that took
    long run(int times);

    @Override
    void close();
}
