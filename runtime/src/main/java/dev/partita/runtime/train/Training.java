package dev.partita.runtime.train;

import dev.partita.compiler.Compilation;
import dev.partita.compiler.plan.Step;
import dev.partita.dsl.graph.BatchNorm;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.kernels.KernelLibrary;
import dev.partita.runtime.data.Augmentation;
import dev.partita.runtime.data.DistributedSampler;
import dev.partita.runtime.data.Examples;
import dev.partita.runtime.data.Remainder;
import dev.partita.runtime.execute.SessionOptions;
import dev.partita.runtime.execute.Walk;
import java.nio.file.Path;
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
public final class Training {
    private final Compilation compilation;
    private final Examples examples;
    private KernelLibrary kernels;
    private Optional<Examples> testExamples = Optional.empty();
    private int testSteps;
    private Augmentation augmentation = Augmentation.none();
    private long seed = 1;
    private TrainingListener listener = TrainingListener.NONE;
    private int patience;
    private Remainder remainder = Remainder.DROP;
    private Optional<Checkpointing> checkpointing = Optional.empty();
    private boolean recording;

    private Training(Compilation compilation, Examples examples, KernelLibrary kernels) {
        this.compilation = compilation;
        this.examples = examples;
        this.kernels = kernels;
    }

    /// Training on these examples, with no test, no augmentation and seed 1.
    public static Training of(Compilation compilation, Examples examples, KernelLibrary kernels) {
        return new Training(compilation, examples, kernels);
    }

    private Training copy() {
        var copy = new Training(compilation, examples, kernels);
        copy.testExamples = testExamples;
        copy.testSteps = testSteps;
        copy.augmentation = augmentation;
        copy.seed = seed;
        copy.listener = listener;
        copy.patience = patience;
        copy.remainder = remainder;
        copy.checkpointing = checkpointing;
        copy.recording = recording;
        return copy;
    }

    /// Tests with these examples after every epoch and at the end.
    public Training test(Examples newTest) {
        Training copy = copy();
        copy.testExamples = Optional.of(newTest);
        return copy;
    }

    /// Tests after every so many steps, and at the end, instead of after every epoch.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `InvalidArgument` below 1
    public Training testEvery(int steps) {
        Training copy = copy();
        copy.testSteps = atLeastOne(steps, "A test takes at least one step to come.", "testEvery");
        return copy;
    }

    /// Varies every example anew in every epoch.
    public Training augment(Augmentation newAugmentation) {
        Training copy = copy();
        copy.augmentation = newAugmentation;
        return copy;
    }

    /// Chooses first weights, order and variation of the examples.
    public Training seed(long newSeed) {
        Training copy = copy();
        copy.seed = newSeed;
        return copy;
    }

    /// Computes with other kernels.
    public Training kernels(KernelLibrary newKernels) {
        Training copy = copy();
        copy.kernels = newKernels;
        return copy;
    }

    /// Tells someone how it goes.
    public Training listener(TrainingListener newListener) {
        Training copy = copy();
        copy.listener = newListener;
        return copy;
    }

    /// Ends training when this many tests in a row were no better than the best one: a larger
    /// accuracy, or for a text a smaller loss. The run then has the weights that were best.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `InvalidArgument` below 1
    public Training stoppingEarly(int newPatience) {
        Training copy = copy();
        copy.patience =
                atLeastOne(
                        newPatience,
                        "Training can stop early only after at least one epoch.",
                        "stoppingEarly");
        return copy;
    }

    /// Trains with every example once an epoch: the last, smaller batch is completed by examples
    /// whose labels do not count, and its loss is the mean over the others. The loss must ignore a
    /// label, `crossEntropy().ignoring(-100)`, and no layer take statistics of a batch.
    public Training everyExample() {
        Training copy = copy();
        copy.remainder = Remainder.IGNORE;
        return copy;
    }

    /// Writes checkpoints into this folder: before the first step, after every epoch, at the end
    /// and when interrupted. A checkpoint holds all that training needs to go on on any mesh; the
    /// last two are kept.
    public Training checkpoint(String folder) {
        Training copy = copy();
        copy.checkpointing = Optional.of(new Checkpointing(Path.of(folder), 0, false));
        return copy;
    }

    /// The same after every so many steps instead of after every epoch.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `InvalidArgument` below 1
    public Training checkpoint(String folder, int steps) {
        int every = atLeastOne(steps, "A checkpoint takes at least one step.", "checkpoint");
        Training copy = copy();
        copy.checkpointing = Optional.of(new Checkpointing(Path.of(folder), every, false));
        return copy;
    }

    /// Goes on from the last checkpoint in the folder; [#epochs] and [#steps] count from the very
    /// beginning. On the same mesh the losses are those of a run that was never interrupted, bit by
    /// bit.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `InvalidArgument` without a folder
    public Training resume() {
        Training copy = copy();
        copy.checkpointing =
                Optional.of(
                        checkpointing
                                .orElseThrow(() ->
                                        Problem.of(
                                                        ProblemCode.INVALID_ARGUMENT,
                                                        "Training can go on only from a checkpoint.")
                                                .fix("checkpoint(\"run\").resume()")
                                                .exception())
                                .resumed());
        return copy;
    }

    /// Writes down what every device does when in the last steps, for [TrainingRun#timeline].
    public Training recording() {
        Training copy = copy();
        copy.recording = true;
        return copy;
    }

    /// Trains for a number of epochs. An interrupt of this thread ends training after the last
    /// complete step, and is spent by that.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `NotFinite`, `DeviceFailed`, what is wrong
    ///   with the examples, and what is wrong with checkpoints
    public TrainingRun epochs(int epochs) {
        atLeastOne(epochs, "Training takes at least one step.", "epochs");
        return new Trainer(this).train(Math.multiplyExact(epochs, sampler().steps()));
    }

    /// Trains for a number of steps, otherwise as [#epochs].
    ///
    /// @throws dev.partita.dsl.problem.ProblemException as [#epochs]
    public TrainingRun steps(int steps) {
        return new Trainer(this)
                .train(atLeastOne(steps, "Training takes at least one step.", "epochs"));
    }

    /// The first step of this training, to be gone through one plan step of one device at a time.
    /// Closing the walk closes its session.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException as [#epochs]
    public Walk walk() {
        return new Trainer(this).walk();
    }

    private static int atLeastOne(int count, String sentence, String word) {
        if (count < 1) {
            throw Problem.of(ProblemCode.INVALID_ARGUMENT, sentence)
                    .fact("given", count)
                    .fix("write for example " + word + "(3)")
                    .exception();
        }
        return count;
    }

    Compilation compilation() {
        return compilation;
    }

    Examples examples() {
        return examples;
    }

    Optional<Examples> testExamples() {
        return testExamples;
    }

    /// Steps from test to test, or 0 for an epoch.
    int testSteps() {
        return testSteps;
    }

    Augmentation augmentation() {
        return augmentation;
    }

    long seed() {
        return seed;
    }

    KernelLibrary kernels() {
        return kernels;
    }

    TrainingListener listener() {
        return listener;
    }

    /// Tests in a row without a better one after which training ends, or 0 for never.
    int patience() {
        return patience;
    }

    Optional<Checkpointing> checkpointing() {
        return checkpointing;
    }

    boolean isRecording() {
        return recording;
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
        if (remainder == Remainder.IGNORE && examples.size() % feed.batch() != 0) {
            requireNoStatistics(feed.batch());
        }
        return new DistributedSampler(examples.size(), feed.batch(), feed.replicas(), remainder);
    }

    /// A label can be left out of a loss, an example not out of the statistics of its batch.
    private void requireNoStatistics(int batch) {
        compilation.plan().programs().stream()
                .flatMap(program -> program.steps().stream())
                .filter(step ->
                        step instanceof Step.Compute compute
                                && compute.op() instanceof BatchNorm.Squares)
                .map(Step::note)
                .findFirst()
                .ifPresent(note -> {
                    throw Problem.of(
                                    ProblemCode.UNSUPPORTED,
                                    "The examples that complete the last batch would be normalised with it.")
                            .fact("layer", note.layer())
                            .fact("data", examples.name() + ": " + examples.size() + " examples")
                            .fact("batch", batch)
                            .fix(
                                    "a batch that divides %d, or leave out everyExample()"
                                            .formatted(examples.size()))
                            .at(note.origin())
                            .exception();
                });
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
