package dev.partita.runtime.execute;

import dev.partita.compiler.plan.Binding;
import dev.partita.compiler.plan.ExecutionPlan;
import dev.partita.compiler.plan.Program;
import dev.partita.compiler.plan.Slot;
import dev.partita.dsl.problem.NearMiss;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/// Where the values lie that a plan knows by name. Not every device need hold each of them.
final class NamedSlots {
    private final ExecutionPlan plan;

    NamedSlots(ExecutionPlan plan) {
        this.plan = plan;
    }

    /// A named value's slot on each device that holds it.
    ///
    /// @param slot as the first of them has it
    record Holding(Slot slot, List<Holder> holders) {}

    /// A device and the number of its slot.
    record Holder(int rank, int slot) {}

    /// Names of the bindings of one kind, of all devices.
    <B extends Binding> List<String> names(Class<B> kind) {
        Set<String> names = new LinkedHashSet<>();
        plan.programs().forEach(p -> p.bindings(kind).map(Binding::name).forEach(names::add));
        return List.copyOf(names);
    }

    /// Who holds a value.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `InvalidArgument`, with the near miss
    <B extends Binding> Holding holding(Class<B> kind, String name) {
        List<Integer> slotOf =
                plan.programs().stream().map(program -> slot(program, kind, name)).toList();
        List<Holder> holders = new ArrayList<>();
        for (int rank = 0; rank < plan.devices(); rank++) {
            int slot = slotOf.get(plan.programOf().get(rank));
            if (slot >= 0) {
                holders.add(new Holder(rank, slot));
            }
        }
        if (holders.isEmpty()) {
            String word = kind.getSimpleName().toLowerCase(Locale.ROOT);
            throw Problem.of(
                            ProblemCode.INVALID_ARGUMENT,
                            "The plan has no " + word + " \"" + name + "\".")
                    .fix(NearMiss.fix(name, names(kind), word))
                    .exception();
        }
        Holder first = holders.getFirst();
        return new Holding(plan.program(first.rank()).slot(first.slot()), holders);
    }

    private static <B extends Binding> int slot(Program program, Class<B> kind, String name) {
        return program.bindings(kind)
                .filter(binding -> binding.name().equals(name))
                .mapToInt(Binding::slot)
                .findFirst()
                .orElse(-1);
    }
}
