package dev.partita.runtime.train;

import dev.partita.compiler.Compilation;
import dev.partita.kernels.KernelLibraries;
import dev.partita.runtime.data.DataSplit;
import dev.partita.runtime.data.Examples;
import dev.partita.runtime.data.GeneratedDigits;
import dev.partita.runtime.data.Mnist;
import dev.partita.runtime.data.Text;
import dev.partita.runtime.data.TextSplit;
import java.nio.file.Path;

/// The words a compiled model is proved and trained with, to be imported statically.
///
/// ```java
/// prove(plan).print();
/// train(plan, mnist("data/mnist")).epochs(3);
/// ```
public final class Words {
    private static final long SEED = 1;
    private static final int STEPS = 2;

    private Words() {}

    /// Proves that a plan computes what one device computes: two steps on random examples, with the
    /// fastest kernels.
    public static Proof prove(Compilation compilation) {
        return prove(compilation, STEPS);
    }

    /// The same for more steps.
    public static Proof prove(Compilation compilation, int steps) {
        return Proof.of(compilation, KernelLibraries.cpu(), SEED, steps);
    }

    /// Training on one part of a data set, tested with the other.
    public static Training train(Compilation compilation, DataSplit data) {
        return train(compilation, data.train()).test(data.test());
    }

    /// Training on one part of a text, tested with the other.
    public static Training train(Compilation compilation, TextSplit text) {
        return train(compilation, text.train()).test(text.test());
    }

    /// Training without a test.
    public static Training train(Compilation compilation, Examples examples) {
        return Training.of(compilation, examples, KernelLibraries.cpu());
    }

    /// The four MNIST files of a folder.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `DataFileMissing` or `DataFileCorrupt`
    public static DataSplit mnist(String folder) {
        return Mnist.read(Path.of(folder));
    }

    /// A text file in UTF-8, cut into windows of `length` characters.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `DataFileMissing`, `DataFileCorrupt` or
    ///   `TooFewExamples`
    public static TextSplit text(String file, int length) {
        return Text.read(Path.of(file)).windows(length);
    }

    /// 14,000 generated digits, for a machine without data.
    public static DataSplit digits() {
        return GeneratedDigits.of(SEED);
    }
}
