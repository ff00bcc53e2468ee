package dev.partita.dsl.tensor;

import dev.partita.dsl.problem.NearMiss;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import java.util.Collection;
import java.util.regex.Pattern;

/// A named extent of a tensor, such as `batch=32`. The name is what a person shards by; the size is
/// in elements.
///
/// A name starts with a letter; letters, digits, `_`, `-`, `.` follow. Trailing primes (`model'`)
/// tell apart the second of two dims that would otherwise share a name inside one tensor, as in a
/// square weight.
public record Dim(String name, long size) {
    private static final Pattern NAME = Pattern.compile("[A-Za-z][A-Za-z0-9_.-]*'*");

    public Dim {
        if (!NAME.matcher(name).matches()) {
            throw Problem.of(
                            ProblemCode.INVALID_ARGUMENT,
                            "A dim's name must start with a letter and hold no spaces.")
                    .fact("name", '"' + name + '"')
                    .fix("write a name such as \"hidden\" or \"heads\"")
                    .exception();
        }
        if (size < 1) {
            throw Problem.of(ProblemCode.INVALID_ARGUMENT, "The size of a dim must be at least 1.")
                    .fact("dim", name)
                    .fact("size", size)
                    .fix("give " + name + " a positive size")
                    .exception();
        }
    }

    /// `UnknownDim`: a person asked for a dim that no tensor of the model has.
    ///
    /// @param names of the dims that there are
    public static Problem unknown(String name, Collection<String> names) {
        return Problem.of(
                        ProblemCode.UNKNOWN_DIM,
                        "No tensor of the model has a dim \"" + name + "\".")
                .fix(NearMiss.fix(name, names, "dim"));
    }

    /// This dim with another size.
    public Dim withSize(long newSize) {
        return newSize == size ? this : new Dim(name, newSize);
    }

    /// This dim under another name.
    public Dim named(String newName) {
        return new Dim(newName, size);
    }

    @Override
    public String toString() {
        return name + "=" + size;
    }
}
