package dev.partita.runtime.train;

import dev.partita.compiler.Compilation;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.kernels.KernelLibrary;
import dev.partita.runtime.data.Augmentation;
import dev.partita.runtime.data.DistributedSampler;
import dev.partita.runtime.data.Examples;
import dev.partita.runtime.data.Remainder;
import dev.partita.runtime.execute.SessionOptions;
import java.util.Optional;

/// Training that is described and not yet begun. Immutable; every call returns a new one, and
/// [#epochs] and [#steps] train.
///
/// ```java
/// train(plan, digits()).augment(Augmentation.shift(2)).seed(7).epochs(3)
/// ```
///
/// In every epoch the examples that do not fill the last batch are left out, others each time.
public record Training(
        Compilation compilation,
        Examples examples,
        Optional<Examples> testExamples,
        Augmentation augmentation,
        long seed,
        KernelLibrary kernels,
        TrainingListener listener) {

    /// Training on these examples, with no test, no augmentation and seed 1.
    public static Training of(Compilation compilation, Examples examples, KernelLibrary kernels) {
        return new Training(
                compilation,
                examples,
                Optional.empty(),
                Augmentation.none(),
                1,
                kernels,
                TrainingListener.NONE);
    }

    /// Tests with these examples after every epoch and at the end.
    public Training test(Examples newTest) {
        return new Training(
                compilation, examples, Optional.of(newTest), augmentation, seed, kernels, listener);
    }

    /// Varies every example anew in every epoch.
    public Training augment(Augmentation newAugmentation) {
        return new Training(
                compilation, examples, testExamples, newAugmentation, seed, kernels, listener);
    }

    /// Chooses first weights, order and variation of the examples.
    public Training seed(long newSeed) {
        return new Training(
                compilation, examples, testExamples, augmentation, newSeed, kernels, listener);
    }

    /// Computes with other kernels.
    public Training kernels(KernelLibrary newKernels) {
        return new Training(
                compilation, examples, testExamples, augmentation, seed, newKernels, listener);
    }

    /// Tells someone how it goes.
    public Training listener(TrainingListener newListener) {
        return new Training(
                compilation, examples, testExamples, augmentation, seed, kernels, newListener);
    }

    /// Trains for a number of epochs. An interrupt of this thread ends training after the last
    /// complete step, and is spent by that.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `NotFinite`, `DeviceFailed`, and what is
    ///   wrong with the examples
    public TrainingRun epochs(int epochs) {
        return new Trainer(this).train(Math.multiplyExact(atLeastOne(epochs), sampler().steps()));
    }

    /// Trains for a number of steps, otherwise as [#epochs].
    ///
    /// @throws dev.partita.dsl.problem.ProblemException as [#epochs]
    public TrainingRun steps(int steps) {
        return new Trainer(this).train(atLeastOne(steps));
    }

    private static int atLeastOne(int count) {
        if (count < 1) {
            throw Problem.of(ProblemCode.INVALID_ARGUMENT, "Training takes at least one step.")
                    .fact("given", count)
                    .fix("write for example epochs(3)")
                    .exception();
        }
        return count;
    }

    ExampleFeed exampleFeed() {
        return ExampleFeed.of(compilation.plan(), examples);
    }

    DistributedSampler sampler() {
        ExampleFeed feed = exampleFeed();
        return new DistributedSampler(
                examples.size(), feed.batch(), feed.replicas(), Remainder.DROP);
    }

    SessionOptions sessionOptions() {
        return new SessionOptions(kernels, seed, true);
    }

    /// In one line.
    @Override
    public String toString() {
        return "training of %s on %s, not begun: say epochs(n)"
                .formatted(compilation.model().name(), examples.name());
    }
}
