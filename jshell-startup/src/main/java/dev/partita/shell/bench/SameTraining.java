package dev.partita.shell.bench;

import dev.partita.compiler.Precision;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/// The check that two contestants train the same network: from the same weights, on the same
/// examples, the loss must fall, and fall alike.
record SameTraining(List<Double> ours, List<Double> theirs) {
    SameTraining {
        ours = List.copyOf(ours);
        theirs = List.copyOf(theirs);
    }

    /// Runs both for some steps.
    static SameTraining of(TrainingStep ours, Peer theirs) {
        var here = new ArrayList<Double>();
        var there = new ArrayList<Double>();
        for (int i = 0; i < STEPS; i++) {
            ours.run(1);
            here.add(ours.loss());
            theirs.run(1);
            there.add(theirs.loss());
        }
        return new SameTraining(here, there);
    }

    /// Steps that are compared.
    private static final int STEPS = 5;

    /// How far apart losses may be, relative: both sides round, in another order.
    private static double tolerance(Precision precision) {
        return precision.isMixed() ? 2e-2 : 1e-4;
    }

    /// @throws dev.partita.dsl.problem.ProblemException `PeerFailed`
    void require(Precision precision) {
        boolean falls = falls(ours) && falls(theirs);
        boolean alike = true;
        for (int i = 0; i < STEPS; i++) {
            alike &=
                    Math.abs(ours.get(i) - theirs.get(i))
                            <= tolerance(precision) * Math.abs(ours.get(i));
        }
        if (!falls || !alike) {
            throw Problem.of(
                            ProblemCode.PEER_FAILED,
                            "The program to measure beside does not train the same network.")
                    .fact("losses here", print(ours))
                    .fact("losses there", print(theirs))
                    .fact("precision", precision)
                    .fix("measure without it: --peer none")
                    .exception();
        }
    }

    private static boolean falls(List<Double> losses) {
        return losses.getLast() < losses.getFirst();
    }

    private static String print(List<Double> losses) {
        return losses.stream().map("%.5f"::formatted).collect(Collectors.joining(" "));
    }
}
