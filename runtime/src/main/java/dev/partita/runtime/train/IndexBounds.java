package dev.partita.runtime.train;

import static java.util.Collections.disjoint;

import dev.partita.compiler.plan.Binding;
import dev.partita.compiler.plan.ExecutionPlan;
import dev.partita.compiler.plan.Program;
import dev.partita.compiler.plan.Slot;
import dev.partita.compiler.plan.Step;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Reshard;
import dev.partita.dsl.graph.RowOp;
import dev.partita.dsl.graph.Wide;
import dev.partita.dsl.tensor.Shape;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// How many different numbers an integer input may hold: the classes of labels, the vocabulary of
/// tokens. The plan says it where it uses the input, or what it moves of it, from device to device
/// as well, as an index.
final class IndexBounds {
    private final ExecutionPlan plan;

    /// For each program, the slots that hold the input or a part of it.
    private final List<Set<Integer>> copies;

    /// What has been brought to a collective.
    private final Set<Brought> brought = new HashSet<>();

    private record Brought(int tag, int place) {}

    private IndexBounds(ExecutionPlan plan, String input) {
        this.plan = plan;
        this.copies =
                plan.programs().stream()
                        .<Set<Integer>>map(program -> new HashSet<>(slots(program, input)))
                        .toList();
        boolean found = true;
        while (found) {
            found = false;
            for (int i = 0; i < copies.size(); i++) {
                for (Step step : plan.programs().get(i).steps()) {
                    found |= follow(step, copies.get(i));
                }
            }
        }
    }

    /// The label in an input that does not count; empty if all do.
    static OptionalInt ignored(ExecutionPlan plan, String input) {
        return new IndexBounds(plan, input)
                .readers()
                .filter(reader -> reader.op() instanceof Op.Ignoring)
                .mapToInt(reader -> ((Op.Ignoring) reader.op()).label())
                .findFirst();
    }

    /// One more than the largest legal number in an input, if some device uses it as an index.
    static OptionalLong of(ExecutionPlan plan, String input) {
        return new IndexBounds(plan, input)
                .readers()
                .flatMapToLong(reader -> bound(reader).stream())
                .findFirst();
    }

    private static List<Integer> slots(Program program, String input) {
        return program.bindings(Binding.Input.class)
                .filter(binding -> binding.name().equals(input))
                .map(Binding::slot)
                .toList();
    }

    /// An op that reads the input.
    ///
    /// @param first what else it reads, or the input: the tensor that an index is of
    private record Reader(Op op, Slot first) {}

    private Stream<Reader> readers() {
        return IntStream.range(0, copies.size()).boxed().flatMap(this::readers);
    }

    private Stream<Reader> readers(int program) {
        Program own = plan.programs().get(program);
        return own.steps().stream()
                .flatMap(step ->
                        step instanceof Step.Compute compute ? Stream.of(compute) : Stream.empty())
                .filter(compute -> !disjoint(copies.get(program), compute.reads()))
                .map(compute ->
                        new Reader(
                                Wide.inside(compute.op()), own.slot(compute.reads().getFirst())));
    }

    private static OptionalLong bound(Reader reader) {
        Shape indexed = reader.first().whole().shape();
        return switch (reader.op()) {
            case Op.CrossEntropy _, RowOp.PickLogit _ ->
                    OptionalLong.of(indexed.size(indexed.rank() - 1));
            case Op.Embedding _ -> OptionalLong.of(indexed.size(0));
            case Op _ -> OptionalLong.empty();
        };
    }

    /// Notes what a step makes or moves of the input; true if that was not known.
    private boolean follow(Step step, Set<Integer> own) {
        return switch (step) {
            case Step.Start start -> follow(start, own);
            case Step.Compute(_, Op computed, var reads, var writes, _) -> {
                Op op = Wide.inside(computed);
                boolean passes =
                        op instanceof Reshard
                                || op instanceof Op.MicroBatch
                                || op instanceof Op.Ignoring;
                yield passes && !disjoint(own, reads) && own.addAll(writes);
            }
            case Step.Finish _, Step.RequireFinite _ -> false;
        };
    }

    private boolean follow(Step.Start start, Set<Integer> own) {
        boolean found = false;
        for (int i = 0; i < start.sources().size(); i++) {
            if (own.contains(start.sources().get(i))) {
                found |= brought.add(new Brought(start.tag(), i));
            }
        }
        for (int i = 0; i < start.targets().size(); i++) {
            if (brought.contains(new Brought(start.tag(), i))) {
                found |= own.add(start.targets().get(i));
            }
        }
        return found;
    }
}
