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
/// In every epoch the examples that do not fill the last batch are left out, others each time,
/// unless [#everyExample] is said.
///
/// @param patience tests in a row without a better one after which training ends, or 0 for never
/// @param remainder what becomes of the examples that do not fill the last batch
public record Training(
        Compilation compilation,
        Examples examples,
        Optional<Examples> testExamples,
        Augmentation augmentation,
        long seed,
        KernelLibrary kernels,
        TrainingListener listener,
        int patience,
        Remainder remainder) {

    /// Training on these examples, with no test, no augmentation and seed 1.
    public static Training of(Compilation compilation, Examples examples, KernelLibrary kernels) {
        return new Training(
                compilation,
                examples,
                Optional.empty(),
                Augmentation.none(),
                1,
                kernels,
                TrainingListener.NONE,
                0,
                Remainder.DROP);
    }

    /// Tests with these examples after every epoch and at the end.
    public Training test(Examples newTest) {
        return new Training(
                compilation,
                examples,
                Optional.of(newTest),
                augmentation,
                seed,
                kernels,
                listener,
                patience,
                remainder);
    }

    /// Varies every example anew in every epoch.
    public Training augment(Augmentation newAugmentation) {
        return new Training(
                compilation,
                examples,
                testExamples,
                newAugmentation,
                seed,
                kernels,
                listener,
                patience,
                remainder);
    }

    /// Chooses first weights, order and variation of the examples.
    public Training seed(long newSeed) {
        return new Training(
                compilation,
                examples,
                testExamples,
                augmentation,
                newSeed,
                kernels,
                listener,
                patience,
                remainder);
    }

    /// Computes with other kernels.
    public Training kernels(KernelLibrary newKernels) {
        return new Training(
                compilation,
                examples,
                testExamples,
                augmentation,
                seed,
                newKernels,
                listener,
                patience,
                remainder);
    }

    /// Tells someone how it goes.
    public Training listener(TrainingListener newListener) {
        return new Training(
                compilation,
                examples,
                testExamples,
                augmentation,
                seed,
                kernels,
                newListener,
                patience,
                remainder);
    }

    /// Ends training when the test after this many epochs in a row was no better than the best one:
    /// a larger accuracy, or for a text a smaller loss. The run then has the weights that were
    /// best.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `InvalidArgument` below 1
    public Training stoppingEarly(int newPatience) {
        if (newPatience < 1) {
            throw Problem.of(
                            ProblemCode.INVALID_ARGUMENT,
                            "Training can stop early only after at least one epoch.")
                    .fact("patience", newPatience)
                    .fix("write for example stoppingEarly(3)")
                    .exception();
        }
        return new Training(
                compilation,
                examples,
                testExamples,
                augmentation,
                seed,
                kernels,
                listener,
                newPatience,
                remainder);
    }

    /// Trains with every example once an epoch: the last, smaller batch is completed by examples
    /// whose labels do not count, and its loss is the mean over the others. The loss must ignore a
    /// label: `crossEntropy().ignoring(-100)`.
    public Training everyExample() {
        return new Training(
                compilation,
                examples,
                testExamples,
                augmentation,
                seed,
                kernels,
                listener,
                patience,
                Remainder.IGNORE);
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
        if (remainder == Remainder.IGNORE && feed.ignored().isEmpty()) {
            throw Problem.of(
                            ProblemCode.UNSUPPORTED,
                            "The last batch is completed by examples that do not count, and here every label counts.")
                    .fact("data", examples.name() + ": " + examples.size() + " examples")
                    .fact("batch", feed.batch())
                    .fix("crossEntropy().ignoring(-100) as the loss, or leave out everyExample()")
                    .exception();
        }
        return new DistributedSampler(examples.size(), feed.batch(), feed.replicas(), remainder);
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
