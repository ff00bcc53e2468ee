package dev.partita.compiler.search;

import dev.partita.compiler.cost.ClusterSpec;
import java.util.Comparator;
import java.util.List;

/// Why a strategy is slower than the best: of the parts of its step, the one that is longer by
/// most.
record Slower(Estimate best, ClusterSpec cluster) {
    /// A part of a step.
    private record Part(double seconds, double ofBest, String what) {
        double more() {
            return seconds - ofBest;
        }
    }

    /// What decides against a strategy that is estimated.
    Rejected than(Estimate other) {
        Strategy strategy = other.strategy();
        boolean crosses = strategy.tensor() > cluster.devicesPerNode();
        Part binding =
                List.of(
                                new Part(
                                        idle(other),
                                        idle(best),
                                        "bubble %.0f %%".formatted(100 * other.bubble())),
                                new Part(
                                        other.waits(),
                                        best.waits(),
                                        crosses
                                                ? "tensor axis crosses nodes: its collectives take %.0f %%"
                                                        .formatted(
                                                                100
                                                                        * other.waits()
                                                                        / other.seconds())
                                                : "collectives of tensor=%d take %.0f %%"
                                                        .formatted(
                                                                strategy.tensor(),
                                                                100
                                                                        * other.waits()
                                                                        / other.seconds())),
                                new Part(
                                        again(other),
                                        again(best),
                                        "computes %.0f %% again"
                                                .formatted(
                                                        100
                                                                * (other.use().hardwareFlops()
                                                                                / other.use()
                                                                                        .modelFlops()
                                                                        - 1))),
                                new Part(
                                        rest(other),
                                        rest(best),
                                        "its work runs at %.0f %% of the peak"
                                                .formatted(
                                                        100
                                                                * other.use().hfu()
                                                                * other.seconds()
                                                                / rest(other))))
                        .stream()
                        .max(Comparator.comparingDouble(Part::more))
                        .orElseThrow();
        return new Rejected(
                strategy,
                Rejected.Kind.SLOWER,
                other.seconds() - best.seconds(),
                "%s slower, %s".formatted(percent(other.seconds()), binding.what()));
    }

    /// What decides against a strategy of which only a bound is known.
    Rejected than(Strategy strategy, double bound) {
        return new Rejected(
                strategy,
                Rejected.Kind.SLOWER,
                bound - best.seconds(),
                "at least %s slower, by what a device has to compute and the bubble of %s"
                        .formatted(percent(bound), strategy.schedule()));
    }

    private String percent(double seconds) {
        return "%.1f %%".formatted(100 * (seconds / best.seconds() - 1));
    }

    private static double idle(Estimate each) {
        return each.bubble() * each.seconds();
    }

    private static double again(Estimate each) {
        double part = 1 - each.use().modelFlops() / each.use().hardwareFlops();
        return part * (each.seconds() - idle(each) - each.waits());
    }

    private static double rest(Estimate each) {
        return each.seconds() - idle(each) - each.waits() - again(each);
    }
}
