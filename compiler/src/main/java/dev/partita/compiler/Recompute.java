package dev.partita.compiler;

import dev.partita.dsl.problem.Origin;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import java.util.List;

/// Which values of the forward pass are computed again when backward needs them, instead of being
/// kept until then: time for memory (Chen et al. 2016, "Training deep nets with sublinear memory
/// cost"). Gradients stay the same to the last bit; dropout draws the same elements again.
public sealed interface Recompute {
    /// Everything that backward reads is kept.
    static Recompute none() {
        return new None();
    }

    /// Only what goes from block to block is kept, and vectors; every block but the last, whose
    /// values are read at once, is computed again. A block is a residual layer or what lies between
    /// two of them; without residual layers, n layers in a row make about sqrt(n) blocks.
    static Recompute full() {
        return new Full();
    }

    /// The results of these are computed again, from what is kept without them (Korthikanti et al.
    /// 2022).
    ///
    /// @param names ops as they print, such as `softmax` or `gelu`, or layers of the model; none
    ///   means softmax and whatever takes no contraction to compute again
    static Recompute selective(String... names) {
        return new Selective(List.of(names), Origin.here());
    }

    /// What costs least for the bytes it saves is computed again, as far as it takes for a step to
    /// fit into this memory of each device.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `InvalidArgument` unless positive
    static Recompute within(long bytes) {
        if (bytes < 1) {
            throw Problem.of(
                            ProblemCode.INVALID_ARGUMENT,
                            "A memory limit is a positive number of bytes.")
                    .fact("bytes", bytes)
                    .fix("write for example within(512L << 20)")
                    .exception();
        }
        return new Within(bytes, Origin.here());
    }

    /// Prints `none`.
    record None() implements Recompute {
        @Override
        public String toString() {
            return "none";
        }
    }

    /// Prints `full`.
    record Full() implements Recompute {
        @Override
        public String toString() {
            return "full";
        }
    }

    /// Prints `selective(softmax, gelu)`.
    record Selective(List<String> names, Origin origin) implements Recompute {
        public Selective {
            names = List.copyOf(names);
        }

        @Override
        public String toString() {
            return "selective(" + String.join(", ", names) + ")";
        }
    }

    /// Prints `within 536870912 bytes`.
    record Within(long bytes, Origin origin) implements Recompute {
        @Override
        public String toString() {
            return "within " + bytes + " bytes";
        }
    }
}
