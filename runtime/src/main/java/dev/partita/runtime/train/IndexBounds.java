package dev.partita.runtime.train;

import static java.util.Collections.disjoint;

import dev.partita.compiler.plan.Binding;
import dev.partita.compiler.plan.ExecutionPlan;
import dev.partita.compiler.plan.Program;
import dev.partita.compiler.plan.Step;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Reshard;
import dev.partita.dsl.graph.RowOp;
import dev.partita.dsl.graph.Wide;
import dev.partita.dsl.tensor.Shape;
import java.util.HashSet;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.IntStream;

/// How many different numbers an integer input may hold: the classes of labels, the vocabulary of
/// tokens.
final class IndexBounds {
    private IndexBounds() {}

    /// The label in an input, or in what the plan moves of it, that does not count; empty if all
    /// do.
    static OptionalInt ignored(ExecutionPlan plan, String input) {
        return plan.programs().stream()
                .flatMapToInt(program ->
                        slots(program, input).flatMap(slot -> ignored(program, slot).stream()))
                .findFirst();
    }

    /// One more than the largest legal number in an input, if some device uses it, or what the plan
    /// moves of it, as an index.
    static OptionalLong of(ExecutionPlan plan, String input) {
        return plan.programs().stream()
                .flatMapToLong(program ->
                        slots(program, input)
                                .mapToObj(slot -> of(program, slot))
                                .flatMapToLong(OptionalLong::stream))
                .findFirst();
    }

    private static IntStream slots(Program program, String input) {
        return program.bindings(Binding.Input.class)
                .filter(binding -> binding.name().equals(input))
                .mapToInt(Binding::slot);
    }

    private static OptionalInt ignored(Program program, int slot) {
        var copies = new HashSet<>(Set.of(slot));
        for (Step step : program.steps()) {
            switch (step) {
                case Step.Start start when !disjoint(copies, start.sources()) ->
                        copies.addAll(start.targets());
                case Step.Compute(_, Op op, var reads, var writes, _)
                        when !disjoint(copies, reads) -> {
                    if (op instanceof Op.Ignoring ignoring) {
                        return OptionalInt.of(ignoring.label());
                    }
                    copies.addAll(op instanceof Reshard ? writes : Set.<Integer>of());
                }
                case Step _ -> {}
            }
        }
        return OptionalInt.empty();
    }

    private static OptionalLong of(Program program, int slot) {
        var copies = new HashSet<>(Set.of(slot));
        for (Step step : program.steps()) {
            switch (step) {
                case Step.Start start when !disjoint(copies, start.sources()) ->
                        copies.addAll(start.targets());
                case Step.Compute(_, Op computed, var reads, var writes, _)
                        when !disjoint(copies, reads) -> {
                    Op op = Wide.inside(computed);
                    if (op instanceof Reshard
                            || op instanceof Op.MicroBatch
                            || op instanceof Op.Ignoring) {
                        copies.addAll(writes);
                    } else if (op instanceof Op.CrossEntropy
                            || op instanceof RowOp.PickLogit
                            || op instanceof Op.Embedding) {
                        Shape indexed = program.slot(reads.getFirst()).whole().shape();
                        boolean rows = op instanceof Op.Embedding;
                        return OptionalLong.of(indexed.size(rows ? 0 : indexed.rank() - 1));
                    }
                }
                case Step _ -> {}
            }
        }
        return OptionalLong.empty();
    }
}
