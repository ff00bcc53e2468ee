package dev.partita.runtime.train;

import dev.partita.compiler.Compilation;
import dev.partita.dsl.layer.Model;
import dev.partita.kernels.KernelLibraries;
import dev.partita.runtime.data.DataSplit;
import dev.partita.runtime.data.Examples;
import dev.partita.runtime.data.GeneratedDigits;
import dev.partita.runtime.data.Mnist;
import dev.partita.runtime.data.Text;
import dev.partita.runtime.data.TextSplit;
import dev.partita.runtime.execute.Session;
import dev.partita.runtime.execute.SessionOptions;
import dev.partita.runtime.execute.Walk;
import dev.partita.runtime.state.Checkpoint;
import java.nio.file.Path;

/// The words a compiled model is proved and trained with, to be imported statically.
///
/// ```java
/// prove(plan).print();
/// train(plan, mnist("data/mnist")).checkpoint("run").epochs(3);
/// restore("run").print();
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

    /// A training step to be gone through one plan step of one device at a time, on random
    /// examples, with the fastest kernels: `walk(plan).rank(1).next()`.
    public static Walk walk(Compilation compilation) {
        Session session =
                Session.open(compilation.plan(), new SessionOptions(KernelLibraries.cpu(), SEED));
        new RandomExamples(SEED, compilation.options().optimizer().learningRate()).fill(session, 1);
        return session.walk();
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

    /// The last checkpoint of a training, opened: what it holds, and the weights.
    ///
    /// @param folder of the training, or of this one checkpoint
    /// @throws dev.partita.dsl.problem.ProblemException `CheckpointMissing`, `CheckpointCorrupt`
    public static Checkpoint restore(String folder) {
        return Checkpoint.open(Path.of(folder));
    }

    /// Text of a model, with what it learnt until the last checkpoint of a training.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException as [#restore] and [Sampling#of]
    public static Sampling sample(Model model, String folder) {
        return Sampling.of(model, restore(folder), KernelLibraries.cpu());
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
