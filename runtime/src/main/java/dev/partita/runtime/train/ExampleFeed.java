package dev.partita.runtime.train;

import dev.partita.compiler.plan.Binding;
import dev.partita.compiler.plan.ExecutionPlan;
import dev.partita.compiler.plan.Program;
import dev.partita.compiler.plan.Slot;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.dsl.tensor.Shape;
import dev.partita.dsl.tensor.TensorType;
import dev.partita.runtime.data.Batch;
import dev.partita.runtime.data.Examples;
import dev.partita.runtime.data.TextDataset;
import dev.partita.runtime.execute.Feed;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.stream.IntStream;

/// Fits a data set to a plan: which input takes the features, how many examples a step takes, how
/// the batch is split.
///
/// @param features name of the input that takes the features
/// @param dtype type of the features as the data has them
/// @param labelled whether the plan reads `labels`
/// @param segmented whether it reads `segments`
/// @param ignored the label that does not count, if there is one
/// @param batch examples per step, over all devices
/// @param replicas parts the batch is split into
record ExampleFeed(
        String features,
        Dtype dtype,
        boolean labelled,
        boolean segmented,
        OptionalInt ignored,
        int batch,
        int replicas) {
    private static final String LABELS = "labels";
    private static final String SEGMENTS = "segments";

    /// @throws dev.partita.dsl.problem.ProblemException `ShapeMismatch` if the model takes other
    ///   examples than these, `LabelOutOfRange` if it has fewer classes, `Unsupported` if it learns
    ///   targets
    static ExampleFeed of(ExecutionPlan plan, Examples dataset) {
        String features = "";
        Slot slot = null;
        boolean labelled = false;
        boolean segmented = false;
        OptionalInt ignored = OptionalInt.empty();
        for (Map.Entry<String, Slot> input : inputs(plan).entrySet()) {
            String name = input.getKey();
            switch (name) {
                case "learning-rate", "step" -> {}
                case LABELS -> {
                    labelled = true;
                    ignored = IndexBounds.ignored(plan, name);
                    requireClasses(plan, name, dataset);
                    requireLabels(input.getValue().whole(), dataset);
                    requireIgnored(ignored, dataset);
                }
                case SEGMENTS -> {
                    segmented = true;
                    requireSegments(IndexBounds.of(plan, name), dataset);
                }
                case "targets" -> throw unsupportedTargets(dataset);
                default -> {
                    features = name;
                    slot = input.getValue();
                    requireClasses(plan, name, dataset);
                }
            }
        }
        if (slot == null) {
            throw new IllegalArgumentException("a plan without examples");
        }
        int dim = slot.whole().shape().indexOf("batch");
        int batch = Math.toIntExact(examples(slot.whole().shape(), dim));
        long perExample = slot.whole().shape().elements() / batch;
        boolean tokens = !slot.whole().dtype().isFloating();
        if (perExample != dataset.shape().elements() || tokens != !dataset.dtype().isFloating()) {
            throw Problem.of(
                            ProblemCode.SHAPE_MISMATCH,
                            "The model takes other examples than these.")
                    .fact("model", features + ": " + slot.whole())
                    .fact("data", dataset.name() + ": " + dataset.shape())
                    .fix("describe the model with the shape of the data")
                    .exception();
        }
        int replicas = plan.mesh().size(slot.placement().dim(dim).axes());
        return new ExampleFeed(
                features, dataset.dtype(), labelled, segmented, ignored, batch, replicas);
    }

    /// The inputs of all devices, each as one that is fed it has it.
    private static Map<String, Slot> inputs(ExecutionPlan plan) {
        Map<String, Slot> inputs = new LinkedHashMap<>();
        for (Program program : plan.programs()) {
            program.bindings(Binding.Input.class)
                    .forEach(input -> inputs.putIfAbsent(input.name(), program.slot(input.slot())));
        }
        return inputs;
    }

    /// Product of the sizes of dims `0..last`: the batch, and what it is divided into.
    private static long examples(Shape shape, int last) {
        return IntStream.rangeClosed(0, last).mapToLong(shape::size).reduce(1, (a, b) -> a * b);
    }

    private static void requireClasses(ExecutionPlan plan, String input, Examples dataset) {
        OptionalLong classes = IndexBounds.of(plan, input);
        if (classes.isPresent() && classes.getAsLong() < dataset.classes()) {
            throw Problem.of(
                            ProblemCode.LABEL_OUT_OF_RANGE,
                            "The data has more classes than the model.")
                    .fact("model", classes.getAsLong() + " classes")
                    .fact("data", dataset.name() + ": " + dataset.classes() + " classes")
                    .fix("give the last layer " + dataset.classes() + " outputs")
                    .exception();
        }
    }

    private static void requireLabels(TensorType type, Examples dataset) {
        long examples = examples(type.shape(), type.shape().indexOf("batch"));
        if (type.shape().elements() != examples * dataset.labels()) {
            throw Problem.of(
                            ProblemCode.SHAPE_MISMATCH,
                            "The model predicts another number of classes an example.")
                    .fact("model", "labels: " + type)
                    .fact("data", dataset.name() + ": " + dataset.labels() + " an example")
                    .fix("let the last layer give one row per label")
                    .exception();
        }
    }

    private static void requireIgnored(OptionalInt ignored, Examples dataset) {
        if (dataset.ignored().isPresent() && !dataset.ignored().equals(ignored)) {
            throw Problem.of(
                            ProblemCode.UNSUPPORTED,
                            "Only hidden tokens are to be learnt, and to the loss every label counts.")
                    .fact("data", dataset.name())
                    .fact("label of the others", dataset.ignored().getAsInt())
                    .fix("crossEntropy().ignoring(" + dataset.ignored().getAsInt() + ")")
                    .exception();
        }
    }

    private static void requireSegments(OptionalLong count, Examples dataset) {
        if (!(dataset instanceof TextDataset) || count.orElse(2) < 2) {
            throw Problem.of(
                            ProblemCode.SHAPE_MISMATCH,
                            "Examples of a text have two segments, and others none.")
                    .fact("data", dataset.name())
                    .fact("segments of the model", count.orElse(0))
                    .fix("segments(\"segment\", 2) in a model of tokens, or none")
                    .exception();
        }
    }

    private static RuntimeException unsupportedTargets(Examples dataset) {
        return Problem.of(
                        ProblemCode.UNSUPPORTED,
                        "The model learns targets, and the data has labels.")
                .fact("data", dataset.name())
                .fix("use crossEntropy() as the loss")
                .exception();
    }

    void fill(Feed feed, Batch batchOfExamples) {
        feed.put(features, dtype, batchOfExamples.features());
        if (labelled) {
            feed.put(LABELS, Dtype.I32, batchOfExamples.labels());
        }
        if (segmented) {
            feed.put(SEGMENTS, Dtype.I32, batchOfExamples.segments());
        }
    }
}
