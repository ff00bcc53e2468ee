package dev.partita.dsl.layer;

import dev.partita.dsl.graph.Op;
import java.util.ArrayList;
import java.util.List;

/// The weights that weight decay spares: those with one of these names, and if so said all of one
/// dim, which are biases and the gains and shifts of norms.
///
/// @param names layers such as `norm`, roles such as `bias`, or both: `norm.bias`
public record Spared(List<String> names, boolean vectors) {
    /// Weight decay shrinks every weight: PyTorch's default.
    public static final Spared NOTHING = new Spared(List.of(), false);

    public Spared {
        names = List.copyOf(names);
    }

    /// These as well.
    Spared and(String... more) {
        List<String> all = new ArrayList<>(names);
        all.addAll(List.of(more));
        return new Spared(all, vectors);
    }

    /// All weights of one dim as well.
    Spared andVectors() {
        return new Spared(names, true);
    }

    public boolean spares(Op.Parameter parameter) {
        return (vectors && parameter.type().shape().rank() < 2)
                || names.stream().anyMatch(name -> isCalled(parameter, name));
    }

    /// True if `name` is the weight's name or one of the words between its dots, or several of them
    /// in a row.
    public static boolean isCalled(Op.Parameter parameter, String name) {
        return ("." + parameter.name() + ".").contains("." + name + ".");
    }

    @Override
    public String toString() {
        List<String> all = new ArrayList<>(names);
        if (vectors) {
            all.addFirst("vectors");
        }
        return all.isEmpty() ? "" : " sparing " + String.join(", ", all);
    }
}
