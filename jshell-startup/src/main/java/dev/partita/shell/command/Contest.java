package dev.partita.shell.command;

import java.util.ArrayList;
import java.util.List;

/// Runs contestants in turns, so that whatever else the machine does slows all of them alike. The
/// warm-up is long because the JIT compiles while steps run: on as many cores as devices it takes
/// its time from them, and from a contestant that leaves a core free it does not.
record Contest(List<Runnable> contestants) {
    private static final int WARM_UP_CALLS = 100;
    private static final int CALLS_PER_ROUND = 10;

    /// The median time of one call of each contestant.
    List<Double> medianMillis(int rounds) {
        var millis = new ArrayList<List<Double>>();
        for (Runnable contestant : contestants) {
            repeat(contestant, WARM_UP_CALLS);
            millis.add(new ArrayList<>());
        }
        for (int round = 0; round < rounds; round++) {
            for (int i = 0; i < contestants.size(); i++) {
                long start = System.nanoTime();
                repeat(contestants.get(i), CALLS_PER_ROUND);
                millis.get(i).add((System.nanoTime() - start) / 1e6 / CALLS_PER_ROUND);
            }
        }
        return millis.stream()
                .map(each -> each.stream().sorted().toList().get(rounds / 2))
                .toList();
    }

    private static void repeat(Runnable contestant, int times) {
        for (int i = 0; i < times; i++) {
            contestant.run();
        }
    }
}
