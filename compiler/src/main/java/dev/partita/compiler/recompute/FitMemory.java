package dev.partita.compiler.recompute;

import dev.partita.compiler.Recompute;
import dev.partita.compiler.autodiff.TrainingGraph;
import dev.partita.compiler.cost.Work;
import dev.partita.dsl.graph.Node;
import dev.partita.dsl.graph.Value;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.ToLongFunction;

/// Finds what to compute again so that a step fits into memory, at little cost.
///
/// Values are dropped in the order of the work that one of their bytes costs, as many as it takes:
/// the number is searched for by halving, with the planned peak of each trial, not an estimate.
/// Then what turns out not to help is kept after all, the most expensive first. If all of it does
/// not suffice, whole blocks are computed again, then two blocks as one, then four.
final class FitMemory {
    /// Beyond this many dropped values, none is tried out alone.
    private static final int MOST_TRIALS = 64;

    /// A node whose results backward reads.
    private record Candidate(Node node, double workPerByte) {}

    private final ForwardValues values;
    private final Recompute.Within limit;
    private final ToLongFunction<TrainingGraph> peak;
    private final List<Node> borders;
    private long smallest = Long.MAX_VALUE;

    private FitMemory(
            ForwardValues values, Recompute.Within limit, ToLongFunction<TrainingGraph> peak) {
        this.values = values;
        this.limit = limit;
        this.peak = peak;
        this.borders = Blocks.borders(values.forward(), 1);
    }

    static TrainingGraph run(
            ForwardValues values, Recompute.Within limit, ToLongFunction<TrainingGraph> peak) {
        return new FitMemory(values, limit, peak).choose();
    }

    private TrainingGraph choose() {
        if (fits(values.training())) {
            return values.training();
        }
        List<Node> order = order();
        if (fits(order)) {
            return rewrite(List.of(), new HashSet<>(withoutUseless(fewest(order))));
        }
        List<Node> some = borders;
        for (int together = 1; !some.isEmpty(); together *= 2) {
            some = Blocks.borders(values.forward(), together);
            TrainingGraph trial = rewrite(some, RecomputeValues.blocks(values.forward(), some));
            if (fits(trial)) {
                return trial;
            }
        }
        throw tooLittle();
    }

    /// What may be dropped, cheapest per byte first; never what lies at a border.
    private List<Node> order() {
        Set<Node> atBorders = new HashSet<>(borders);
        List<Candidate> candidates = new ArrayList<>();
        for (Node node : values.forward().nodes()) {
            List<Value> saved = values.savedBy(node);
            if (!saved.isEmpty() && !atBorders.contains(node)) {
                Set<Value> others = values.kept(List.of(), Set.of(node));
                long work = 0;
                for (Node each : values.chain(saved.getFirst(), others)) {
                    work += Work.of(each);
                }
                long bytes = saved.stream().mapToLong(v -> v.type().bytes()).sum();
                candidates.add(new Candidate(node, (double) work / bytes));
            }
        }
        candidates.sort(Comparator.comparingDouble(Candidate::workPerByte));
        return candidates.stream().map(Candidate::node).toList();
    }

    /// The shortest beginning of the order that halving finds to fit; all of it fits.
    private List<Node> fewest(List<Node> order) {
        int tooFew = 0;
        int enough = order.size();
        while (enough - tooFew > 1) {
            int middle = (tooFew + enough) / 2;
            if (fits(order.subList(0, middle))) {
                enough = middle;
            } else {
                tooFew = middle;
            }
        }
        return order.subList(0, enough);
    }

    private List<Node> withoutUseless(List<Node> dropped) {
        List<Node> useful = new ArrayList<>(dropped);
        if (dropped.size() <= MOST_TRIALS) {
            for (Node node : dropped.reversed()) {
                useful.remove(node);
                if (!fits(useful)) {
                    useful.add(node);
                }
            }
        }
        return useful;
    }

    private boolean fits(List<Node> dropped) {
        return fits(rewrite(List.of(), new HashSet<>(dropped)));
    }

    private TrainingGraph rewrite(List<Node> kept, Set<Node> dropped) {
        return ComputeAgain.run(values, values.kept(kept, dropped));
    }

    private boolean fits(TrainingGraph trial) {
        long bytes = peak.applyAsLong(trial);
        smallest = Math.min(smallest, bytes);
        return bytes <= limit.bytes();
    }

    private RuntimeException tooLittle() {
        return Problem.of(
                        ProblemCode.OUT_OF_MEMORY,
                        "A training step does not fit into the memory of a device, however much is computed again.")
                .fact("limit", limit.bytes() + " bytes")
                .fact("smallest peak", smallest + " bytes")
                .fix(
                        "within(%d), --memory-limit %d, a smaller batch, or more devices to share it"
                                .formatted(smallest, smallest))
                .at(limit.origin())
                .exception();
    }
}
