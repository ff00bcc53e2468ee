package dev.partita.compiler.simplify;

import dev.partita.dsl.graph.Elementwise;
import dev.partita.dsl.graph.Elementwise.Fused;
import dev.partita.dsl.graph.Graph;
import dev.partita.dsl.graph.Node;
import dev.partita.dsl.graph.Op;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/// Joins chains of elementwise ops, each the only reader of the one before, so that a chain passes
/// over memory once.
public final class FuseElementwise {
    private FuseElementwise() {}

    public static Graph run(Graph graph) {
        return OnlyUses.absorb(graph, FuseElementwise::fuse);
    }

    private static Optional<Op> fuse(Node producer, Node consumer) {
        if (producer.op() instanceof Elementwise first
                && consumer.op() instanceof Elementwise second) {
            return Optional.of(chain(first, second));
        }
        return Optional.empty();
    }

    /// `second(first(a...), b...)` over the operands `a..., b...`.
    static Fused chain(Elementwise first, Elementwise second) {
        int arity = first.arity() + second.arity() - 1;
        List<Fused.Part> parts = new ArrayList<>();
        append(parts, first, IntStream.range(0, first.arity()).boxed().toList(), arity);
        List<Integer> reads = new ArrayList<>(List.of(arity + parts.size() - 1));
        IntStream.range(first.arity(), arity).forEach(reads::add);
        append(parts, second, reads, arity);
        return new Fused(arity, parts);
    }

    /// Adds an op, or every part of a fused one, that reads its operands at `reads` of a chain with
    /// `arity` operands.
    private static void append(
            List<Fused.Part> parts, Elementwise op, List<Integer> reads, int arity) {
        if (op instanceof Fused fused) {
            int before = parts.size();
            for (Fused.Part part : fused.parts()) {
                List<Integer> moved =
                        part.reads().stream()
                                .map(r ->
                                        r < fused.arity()
                                                ? reads.get(r)
                                                : arity + before + r - fused.arity())
                                .toList();
                parts.add(new Fused.Part(part.op(), moved));
            }
        } else {
            parts.add(new Fused.Part(op, reads));
        }
    }
}
