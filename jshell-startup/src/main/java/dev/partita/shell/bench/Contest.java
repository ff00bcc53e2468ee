package dev.partita.shell.bench;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/// Runs contestants in turns, never two at once, so that whatever else the machine does slows all
/// of them alike; the median of the rounds counts. Closes them in the end.
///
/// The warm-up is long because the JIT compiles while steps run: on as many cores as devices it
/// takes its time from them, and from a contestant that leaves a core free it does not.
public final class Contest implements AutoCloseable {
    private static final Duration WARM_UP = Duration.ofSeconds(3);
    private static final Duration TURN = Duration.ofMillis(300);

    private final Map<Contestant, Entry> entries = new LinkedHashMap<>();

    private static final class Entry {
        final Contestant contestant;
        final List<Double> millis = new ArrayList<>();
        int timesPerTurn = 1;

        Entry(Contestant contestant) {
            this.contestant = contestant;
        }

        /// Runs for a while, and finds how often the contestant does its work in a turn.
        void warmUp() {
            long end = System.nanoTime() + WARM_UP.toNanos();
            int times = 1;
            long nanos = contestant.run(times);
            while (System.nanoTime() < end) {
                times = nanos < TURN.toNanos() / 2 ? 2 * times : times;
                nanos = contestant.run(times);
            }
            timesPerTurn = (int) Math.max(1, times * TURN.toNanos() / Math.max(1, nanos));
        }

        void takeTurn() {
            millis.add(contestant.run(timesPerTurn) / 1e6 / timesPerTurn);
        }
    }

    /// Adds a contestant.
    public <C extends Contestant> C enter(C contestant) {
        entries.put(contestant, new Entry(contestant));
        return contestant;
    }

    /// Warms everybody up, then runs this many rounds.
    public void run(int rounds) {
        entries.values().forEach(Entry::warmUp);
        for (int round = 0; round < rounds; round++) {
            entries.values().forEach(Entry::takeTurn);
        }
    }

    /// The median time in which a contestant that took part did its work once.
    public double medianMillis(Contestant contestant) {
        List<Double> millis = Objects.requireNonNull(entries.get(contestant)).millis;
        return millis.stream().sorted().toList().get(millis.size() / 2);
    }

    @Override
    public void close() {
        entries.keySet().forEach(Contestant::close);
    }
}
