package dev.partita.compiler.plan;

import dev.partita.compiler.plan.PlanDescription.CollectiveDescription;
import dev.partita.dsl.mesh.Role;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// What changes from one plan to another: which collectives appear and disappear, how many bytes a
/// device brings to collectives, and its memory by what it is for. Collectives are the same if they
/// do the same over the same axes with as many bytes for the same line.
///
/// @param roles for devices that do the same in both plans, what changes for one of them; for the
///   fullest device alone, if the meshes differ
public record PlanDifference(
        PlanDescription before,
        PlanDescription after,
        List<CollectiveDescription> disappeared,
        List<CollectiveDescription> appeared,
        List<RoleDifference> roles) {
    public PlanDifference {
        disappeared = List.copyOf(disappeared);
        appeared = List.copyOf(appeared);
        roles = List.copyOf(roles);
    }

    /// What changes for a device.
    ///
    /// @param role which devices, or `all`
    public record RoleDifference(
            String role,
            long sentBefore,
            long sentAfter,
            MemoryBytes memoryBefore,
            MemoryBytes memoryAfter) {
        private static RoleDifference of(String role, Program before, Program after) {
            return new RoleDifference(
                    role,
                    before.sentBytes(),
                    after.sentBytes(),
                    MemoryBytes.of(before),
                    MemoryBytes.of(after));
        }
    }

    public static PlanDifference of(ExecutionPlan before, ExecutionPlan after) {
        PlanDescription old = PlanDescription.of(before);
        PlanDescription now = PlanDescription.of(after);
        return new PlanDifference(
                old,
                now,
                without(old.collectives(), now.collectives()),
                without(now.collectives(), old.collectives()),
                roles(before, after));
    }

    private static List<RoleDifference> roles(ExecutionPlan before, ExecutionPlan after) {
        if (!before.mesh().equals(after.mesh())) {
            return List.of(RoleDifference.of("all", before.fullest(), after.fullest()));
        }
        Map<List<Integer>, List<Integer>> ranks = new LinkedHashMap<>();
        for (int rank = 0; rank < before.devices(); rank++) {
            var programs = List.of(before.programOf().get(rank), after.programOf().get(rank));
            ranks.computeIfAbsent(programs, _ -> new ArrayList<>()).add(rank);
        }
        return ranks.values().stream()
                .map(same -> new Role(before.mesh(), same))
                .map(role ->
                        RoleDifference.of(
                                role.toString(),
                                before.program(role.representative()),
                                after.program(role.representative())))
                .toList();
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
        for (RoleDifference role : roles) {
            String whose = roles.size() == 1 ? "a device" : "at " + role.role();
            text.append(
                    "  %-22s%15s%15s%15s%n".formatted("bytes " + whose, "before", "after", "more"));
            MemoryBytes old = role.memoryBefore();
            MemoryBytes now = role.memoryAfter();
            row(text, "to collectives", role.sentBefore(), role.sentAfter());
            row(text, "weights", old.weights(), now.weights());
            row(text, "gradients", old.gradients(), now.gradients());
            row(text, "optimizer", old.optimizer(), now.optimizer());
            row(text, "activations", old.activations(), now.activations());
            row(text, "buffers", old.buffers(), now.buffers());
            if (old.shared() + now.shared() > 0) {
                row(text, "of these shared", old.shared(), now.shared());
            }
            row(text, "memory in all", old.total(), now.total());
        }
        return text.toString();
    }

    private static String place(PlanDescription plan) {
        return plan.model() + " on " + plan.mesh();
    }

    private static String line(CollectiveDescription c) {
        String source = c.source().isEmpty() ? "" : ", " + c.source();
        return "%,d bytes: %s%s".formatted(c.bytes(), c.because(), source);
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
