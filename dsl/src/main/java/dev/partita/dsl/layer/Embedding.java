package dev.partita.dsl.layer;

import dev.partita.dsl.graph.Initializer;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Value;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.tensor.Dim;
import dev.partita.dsl.tensor.Dtype;
import java.util.OptionalLong;

/// A trained vector per token: `i32[..]` becomes `[.., <name>]`, with `weight[vocab, <name>]`,
/// which starts normal.
///
/// @param vocabulary number of vectors; empty for the input's
/// @param initialDeviation 1, PyTorch's default, unless said otherwise
public record Embedding(String name, long size, OptionalLong vocabulary, double initialDeviation)
        implements Layer {
    public Embedding {
        Arguments.notNegative(name, "deviation", initialDeviation);
        Arguments.name("layer", name);
        Arguments.atLeast(1, name, "size", size);
        vocabulary.ifPresent(v -> Arguments.atLeast(1, name, "vocabulary", v));
    }

    /// The same with first weights that spread this far: 0.02 is GPT-2's.
    public Embedding deviation(double newDeviation) {
        return new Embedding(name, size, vocabulary, newDeviation);
    }

    @Override
    public String kind() {
        return "embedding";
    }

    @Override
    public boolean takesIds() {
        return true;
    }

    @Override
    public Value apply(Tracer trace, Value x) {
        OptionalLong tokens = trace.vocabulary();
        if (tokens.isEmpty() || x.type().dtype() != Dtype.I32) {
            throw trace.problem(ProblemCode.DTYPE_MISMATCH, "An embedding takes token ids.")
                    .fact("it follows", x.type())
                    .fix(
                            "start the model with tokens(\"text\", 64, 96) and put the embedding first")
                    .exception();
        }
        long rows = vocabulary.orElse(tokens.getAsLong());
        if (rows < tokens.getAsLong()) {
            throw trace.problem(
                            ProblemCode.SHAPE_MISMATCH,
                            "The input has more tokens than the embedding has vectors.")
                    .fact("vocabulary", tokens.getAsLong())
                    .fact("vectors", rows)
                    .fix("make it " + tokens.getAsLong() + " or more, or leave it out")
                    .exception();
        }
        Value table =
                trace.parameter(
                        "weight",
                        new Initializer.Normal(initialDeviation),
                        new Dim("vocab", rows),
                        new Dim(name, size));
        return trace.add(new Op.Embedding(), table, x);
    }
}
