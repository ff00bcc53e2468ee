package dev.partita.compiler.plan;

import dev.partita.compiler.plan.PlanDescription.CollectiveDescription;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/// What changes from one plan to another: which collectives appear and disappear, how many bytes a
/// device brings to collectives, and its memory by what it is for. Collectives are the same if they
/// do the same over the same axes with as many bytes for the same line.
public record PlanDifference(
        PlanDescription before,
        PlanDescription after,
        List<CollectiveDescription> disappeared,
        List<CollectiveDescription> appeared) {
    public PlanDifference {
        disappeared = List.copyOf(disappeared);
        appeared = List.copyOf(appeared);
    }

    public static PlanDifference of(ExecutionPlan before, ExecutionPlan after) {
        PlanDescription old = PlanDescription.of(before);
        PlanDescription now = PlanDescription.of(after);
        return new PlanDifference(
                old,
                now,
                without(old.collectives(), now.collectives()),
                without(now.collectives(), old.collectives()));
    }

    /// Those of `some` that have no partner among `others`.
    private static List<CollectiveDescription> without(
            List<CollectiveDescription> some, List<CollectiveDescription> others) {
        List<CollectiveDescription> left = new ArrayList<>(others);
        List<CollectiveDescription> alone = new ArrayList<>();
        for (CollectiveDescription one : some) {
            boolean met = false;
            for (Iterator<CollectiveDescription> it = left.iterator(); !met && it.hasNext(); ) {
                met = isSame(one, it.next());
                if (met) {
                    it.remove();
                }
            }
            if (!met) {
                alone.add(one);
            }
        }
        return alone;
    }

    private static boolean isSame(CollectiveDescription a, CollectiveDescription b) {
        return a.kind().equals(b.kind())
                && a.axis().equals(b.axis())
                && a.bytes() == b.bytes()
                && a.source().equals(b.source());
    }

    /// The difference as a person reads it: `-` for what disappeared, `+` for what appeared, then
    /// bytes before and after.
    public String describe() {
        var text = new StringBuilder();
        boolean same = place(before).equals(place(after));
        text.append(place(before)).append(same ? "" : " -> " + place(after)).append('\n');
        disappeared.forEach(c -> text.append("  - ").append(line(c)).append('\n'));
        appeared.forEach(c -> text.append("  + ").append(line(c)).append('\n'));
        text.append("  %-22s%15s%15s%15s%n".formatted("bytes a device", "before", "after", "more"));
        MemoryBytes old = before.memoryBytes();
        MemoryBytes now = after.memoryBytes();
        row(text, "to collectives", sent(before), sent(after));
        row(text, "weights", old.weights(), now.weights());
        row(text, "gradients", old.gradients(), now.gradients());
        row(text, "optimizer", old.optimizer(), now.optimizer());
        row(text, "activations", old.activations(), now.activations());
        row(text, "buffers", old.buffers(), now.buffers());
        row(text, "memory in all", old.total(), now.total());
        return text.toString();
    }

    private static String place(PlanDescription plan) {
        return plan.model() + " on " + plan.mesh();
    }

    private static String line(CollectiveDescription c) {
        String source = c.source().isEmpty() ? "" : ", " + c.source();
        return "%,d bytes: %s%s".formatted(c.bytes(), c.because(), source);
    }

    private static long sent(PlanDescription plan) {
        return plan.collectives().stream().mapToLong(CollectiveDescription::bytes).sum();
    }

    private static void row(StringBuilder text, String name, long before, long after) {
        text.append("  %-22s%,15d%,15d%,+15d%n".formatted(name, before, after, after - before));
    }

    @Override
    public String toString() {
        return "%d collectives appear, %d disappear, %+d bytes a device"
                .formatted(
                        appeared.size(),
                        disappeared.size(),
                        after.memoryBytes().total() - before.memoryBytes().total());
    }
}
