package dev.partita.compiler;

import dev.partita.compiler.cost.ClusterSpec;
import dev.partita.compiler.plan.PlanDifference;
import dev.partita.compiler.simulate.Simulator;
import dev.partita.dsl.graph.Printed;

/// What another request would change: collectives, the memory of a device by what it is for, what
/// it sends, and how long a step takes on some cluster.
///
/// @param after the plan of the other request
/// @param secondsBefore of a simulated step
/// @param secondsAfter the same with the other request
public record WhatIf(
        PlanDifference difference,
        Compilation after,
        ClusterSpec cluster,
        double secondsBefore,
        double secondsAfter)
        implements Printed {
    static WhatIf of(Compilation before, Change change, ClusterSpec cluster) {
        Compilation after = Compiler.compile(before.model(), change.apply(before.options()));
        return new WhatIf(
                before.difference(after),
                after,
                cluster,
                Simulator.run(before.plan(), cluster).seconds(),
                Simulator.run(after.plan(), cluster).seconds());
    }

    /// What [PlanDifference#describe] says, and the step.
    @Override
    public String print() {
        return difference.describe()
                + "  a step on %s, by simulation: %s -> %s, %+.1f %%%n"
                        .formatted(
                                cluster.device().name(),
                                milliseconds(secondsBefore),
                                milliseconds(secondsAfter),
                                100 * (secondsAfter / secondsBefore - 1));
    }

    private static String milliseconds(double seconds) {
        return "%.4g ms".formatted(1e3 * seconds);
    }

    /// In one line of at most 80 characters.
    @Override
    public String toString() {
        return "%,+d bytes a device, step %+.1f %%"
                .formatted(
                        difference.after().memoryBytes().total()
                                - difference.before().memoryBytes().total(),
                        100 * (secondsAfter / secondsBefore - 1));
    }
}
