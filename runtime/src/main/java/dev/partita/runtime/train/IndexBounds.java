package dev.partita.runtime.train;

import dev.partita.compiler.plan.Program;
import dev.partita.compiler.plan.Step;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.tensor.Shape;

import java.util.OptionalLong;

/// How many different numbers an integer input may hold: the classes of labels, the vocabulary of
/// tokens.
final class IndexBounds {
    private IndexBounds() {}

    /// One more than the largest legal number in the input that lies in `slot`, if the plan uses it
    /// as an index.
    static OptionalLong of(Program program, int slot) {
        for (Step step : program.steps()) {
            if (step instanceof Step.Compute(_, Op op, var reads, _, _) && reads.contains(slot)) {
                if (op instanceof Op.CrossEntropy || op instanceof Op.CrossEntropyGrad) {
                    Shape logits = program.slot(reads.getFirst()).whole().shape();
                    return OptionalLong.of(logits.size(logits.rank() - 1));
                }
                if (op instanceof Op.Embedding) {
                    return OptionalLong.of(program.slot(reads.getFirst()).whole().shape().size(0));
                }
            }
        }
        return OptionalLong.empty();
    }
}
