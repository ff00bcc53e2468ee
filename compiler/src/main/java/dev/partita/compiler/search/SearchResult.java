package dev.partita.compiler.search;

import dev.partita.compiler.cost.ClusterSpec;
import dev.partita.dsl.graph.Printed;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/// The fastest ways to train a model on a cluster, and why the others are not.
///
/// @param ranked the fastest, the first before all
/// @param rejected all others
/// @param plans small plans that were compiled
/// @param seconds that the search took
public record SearchResult(
        String model,
        long globalBatch,
        ClusterSpec cluster,
        List<Estimate> ranked,
        List<Rejected> rejected,
        int plans,
        double seconds)
        implements Printed {
    /// Strategies that are shown of each kind.
    private static final int SHOWN = 3;

    public SearchResult {
        ranked = List.copyOf(ranked);
        rejected = List.copyOf(rejected);
    }

    /// The fastest.
    public Estimate best() {
        return ranked.getFirst();
    }

    /// The ranked as a table, then the rejected by what decides against them, with the nearest of
    /// each.
    @Override
    public String print() {
        var text = new StringBuilder();
        text.append(
                "%s, %,d examples a step, on %d %s: %,d strategies, %d small plans, %.1f s%n"
                        .formatted(
                                model,
                                globalBatch,
                                best().strategy().devices(),
                                cluster.device().name(),
                                ranked.size() + rejected.size(),
                                plans,
                                seconds));
        int width = ranked.stream().mapToInt(e -> e.strategy().toString().length()).max().orElse(0);
        text.append(
                "  %8s %6s %8s %7s  %s%n"
                        .formatted("s a step", "MFU", "GiB", "bubble", "strategy"));
        for (Estimate each : ranked) {
            text.append(
                    ("  %8.3f %5.1f%% %8.1f %6.1f%%  %-" + width + "s")
                            .formatted(
                                    each.seconds(),
                                    100 * each.use().mfu(),
                                    each.memory().total() / (double) (1L << 30),
                                    100 * each.bubble(),
                                    each.strategy())
                            .stripTrailing());
            text.append('\n');
        }
        byKind().forEach((kind, some) -> {
            text.append("  %,d %s:%n".formatted(some.size(), kind));
            nearest(some).forEach(each -> text.append("    ").append(each).append('\n'));
        });
        return text.toString();
    }

    /// The rejected, by what decides against them.
    public Map<Rejected.Kind, List<Rejected>> byKind() {
        Map<Rejected.Kind, List<Rejected>> kinds = new EnumMap<>(Rejected.Kind.class);
        rejected.forEach(
                each -> kinds.computeIfAbsent(each.kind(), _ -> new ArrayList<>()).add(each));
        return kinds;
    }

    /// Of those that are not fastest for different reasons, the nearest to being so.
    private static List<Rejected> nearest(List<Rejected> some) {
        List<Rejected> nearest = new ArrayList<>();
        List<String> meshes = new ArrayList<>();
        for (Rejected each :
                some.stream().sorted(Comparator.comparingDouble(Rejected::missing)).toList()) {
            String mesh = each.strategy().mesh().toString();
            if (nearest.size() < SHOWN && !meshes.contains(mesh)) {
                meshes.add(mesh);
                nearest.add(each);
            }
        }
        return nearest;
    }

    /// In one line of at most 80 characters.
    @Override
    public String toString() {
        String line =
                "%.3f s a step, MFU %.0f %%: %s"
                        .formatted(best().seconds(), 100 * best().use().mfu(), best().strategy());
        return line.length() <= 80 ? line : line.substring(0, 79) + "…";
    }
}
