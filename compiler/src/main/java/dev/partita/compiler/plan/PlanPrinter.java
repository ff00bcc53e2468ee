package dev.partita.compiler.plan;

import dev.partita.dsl.graph.Reshard;
import dev.partita.dsl.mesh.Role;
import java.util.List;
import java.util.stream.Collectors;

/// Writes a plan as text: what lies in memory by name, then one line per step; the grammar is in
/// the package's documentation.
final class PlanPrinter {
    private PlanPrinter() {}

    static String print(ExecutionPlan plan) {
        var text = new StringBuilder();
        boolean alike = plan.programs().size() == 1;
        String heading =
                "plan %s on %s: %d devices".formatted(plan.model(), plan.mesh(), plan.devices());
        text.append(heading).append(alike ? "" : "\n");
        for (int i = 0; i < plan.programs().size(); i++) {
            Program program = plan.programs().get(i);
            Role role = plan.role(i);
            text.append(alike ? "" : "at %s: rank %s".formatted(role, role.rankList()));
            text.append(", %d bytes each%n".formatted(program.arenaBytes()));
            print(program, text);
        }
        return text.toString();
    }

    private static void print(Program program, StringBuilder text) {
        for (Binding binding : program.bindings()) {
            Slot slot = program.slot(binding.slot());
            text.append(
                    "  %-9s %-28s s%-4d %s %s%n"
                            .formatted(
                                    kind(binding),
                                    binding.name(),
                                    slot.id(),
                                    slot.type(),
                                    slot.placement()));
        }
        for (Step step : program.steps()) {
            text.append("  %4d  %s%n".formatted(step.id(), line(program, step)));
        }
    }

    private static String kind(Binding binding) {
        return switch (binding) {
            case Binding.Input _ -> "input";
            case Binding.Parameter _ -> "parameter";
            case Binding.State _ -> "state";
            case Binding.Output _ -> "output";
        };
    }

    static String line(Program program, Step step) {
        String what =
                switch (step) {
                    case Step.Compute(int _, var op, var reads, var writes, Note _) ->
                            op + names(reads) + " ->" + names(writes) + types(program, writes);
                    case Step.Start(
                                    int _,
                                    int tag,
                                    Reshard.Collective op,
                                    var sources,
                                    var targets,
                                    Note _) ->
                            "start #"
                                    + tag
                                    + " "
                                    + op
                                    + names(sources)
                                    + " ->"
                                    + names(targets)
                                    + types(program, targets.isEmpty() ? sources : targets);
                    case Step.Finish(int _, int tag, Note _) -> "finish #" + tag;
                    case Step.RequireFinite(int _, int slot, var lossScale, String name, Note _) ->
                            "require-finite "
                                    + name
                                    + " s"
                                    + slot
                                    + (lossScale.isEmpty() ? "" : " or halve" + names(lossScale));
                };
        String note = step instanceof Step.Finish ? "" : step.note().toString();
        return note.isEmpty() ? what : what + "  ; " + note;
    }

    private static String names(List<Integer> slots) {
        return slots.stream().map(s -> " s" + s).collect(Collectors.joining());
    }

    private static String types(Program program, List<Integer> slots) {
        String types =
                slots.stream()
                        .map(s -> program.slot(s).type().toString())
                        .collect(Collectors.joining(", "));
        return types.isEmpty() ? "" : " : " + types;
    }
}
