package dev.partita.compiler.search;

import dev.partita.compiler.CompileOptions;
import dev.partita.compiler.Precision;
import dev.partita.compiler.Recompute;
import dev.partita.compiler.pipeline.PipelineSchedule;
import dev.partita.compiler.pipeline.ScheduleStyle;
import dev.partita.compiler.pipeline.Schedules;
import dev.partita.dsl.mesh.Axis;
import dev.partita.dsl.mesh.Mesh;
import java.util.ArrayList;
import java.util.List;

/// How a cluster is used for a model: axes `pipe`, `data` and `tensor`, the outermost first, so
/// that the devices of a tensor group are neighbours.
///
/// @param data devices along the axis that shards the batch
/// @param tensor devices along the axis that splits layers
/// @param pipe devices along the axis of the stages
/// @param chunks stages per device
/// @param sequenceParallel true if what tensor parallelism leaves whole is split along the sequence
/// @param zero what is split over `data`: 0 nothing, to 3 weights too
/// @param schedule of the pipeline, such as `1f1b`
/// @param microBatch examples that a device computes at once
public record Strategy(
        int data,
        int tensor,
        int pipe,
        int chunks,
        boolean sequenceParallel,
        int zero,
        String schedule,
        long microBatch,
        Recompute recompute,
        Precision precision) {
    public int devices() {
        return data * tensor * pipe;
    }

    /// The same with micro-batches of another size.
    Strategy microBatch(long examples) {
        return new Strategy(
                data,
                tensor,
                pipe,
                chunks,
                sequenceParallel,
                zero,
                schedule,
                examples,
                recompute,
                precision);
    }

    /// The same with another stage of ZeRO.
    Strategy zero(int stage) {
        return new Strategy(
                data,
                tensor,
                pipe,
                chunks,
                sequenceParallel,
                stage,
                schedule,
                microBatch,
                recompute,
                precision);
    }

    /// The same with or without sequence parallelism.
    Strategy sequenceParallel(boolean isSplit) {
        return new Strategy(
                data,
                tensor,
                pipe,
                chunks,
                isSplit,
                zero,
                schedule,
                microBatch,
                recompute,
                precision);
    }

    /// The same with this computed again.
    Strategy recompute(Recompute choice) {
        return new Strategy(
                data,
                tensor,
                pipe,
                chunks,
                sequenceParallel,
                zero,
                schedule,
                microBatch,
                choice,
                precision);
    }

    /// The same on one device along `data`.
    Strategy alone() {
        return new Strategy(
                1,
                tensor,
                pipe,
                chunks,
                sequenceParallel,
                0,
                schedule,
                microBatch,
                recompute,
                precision);
    }

    /// The mesh; axes of one device are left out.
    public Mesh mesh() {
        return mesh(pipe);
    }

    private Mesh mesh(int stages) {
        List<Axis> axes = new ArrayList<>();
        axes.add(new Axis("pipe", stages));
        axes.add(new Axis("data", data));
        axes.add(new Axis("tensor", tensor));
        axes.removeIf(axis -> axis.size() == 1);
        return axes.isEmpty() ? Mesh.ONE_DEVICE : new Mesh(axes);
    }

    /// Micro-batches of a step of so many examples; 0 if they do not divide.
    public long microBatches(long globalBatch) {
        return globalBatch % (data * microBatch) == 0 ? globalBatch / data / microBatch : 0;
    }

    /// The order of so many micro-batches.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `InvalidArgument` for numbers that the
    ///   schedule has no order for
    PipelineSchedule order(int microBatches) {
        return Schedules.of(
                Schedules.named(schedule), pipe, microBatches, chunks == 1 ? 0 : chunks);
    }

    /// How the whole model is compiled.
    public CompileOptions options(LayeredModel model, long globalBatch) {
        CompileOptions options = placed(model, pipe, globalBatch, microBatches(globalBatch));
        return pipe == 1
                ? options
                : options.stages(model.beginnings(pipe * chunks).toArray(String[]::new))
                        .schedule(schedule)
                        .over("pipe");
    }

    /// How a small model is compiled, in stages that begin with these layers after the first; for
    /// two micro-batches of one example.
    CompileOptions sample(LayeredModel small, List<String> beginnings) {
        long microBatches = StageSample.MICRO_BATCHES;
        return placed(small, beginnings.size() + 1, microBatches * data, microBatches)
                .stages(beginnings.toArray(String[]::new))
                .schedule(isSplit() ? "zb-h1" : "1f1b")
                .over("pipe");
    }

    /// How a small model without stages is compiled.
    CompileOptions sample(LayeredModel small, long microBatches) {
        return placed(small, 1, microBatches * microBatch * data, microBatches);
    }

    private CompileOptions placed(LayeredModel model, int stages, long batch, long microBatches) {
        CompileOptions options =
                CompileOptions.on(mesh(stages))
                        .batch(batch)
                        .microBatches(microBatches)
                        .precision(precision)
                        .recompute(recompute);
        if (data > 1) {
            options = options.shard("batch").over("data");
            options = zero == 0 ? options : options.zero(zero).over("data");
        }
        if (tensor > 1) {
            for (String dim : model.tensorDims()) {
                options = options.shard(dim).over("tensor");
            }
            if (sequenceParallel) {
                String[] layers = model.allSequenceLayers().toArray(String[]::new);
                options = options.shard("sequence").at(layers).over("tensor");
            }
        }
        return options;
    }

    /// What the small plan depends on: not how many stages there are, in which order they work, nor
    /// how large micro-batches are.
    String ofOneStage() {
        return String.join(
                " ",
                "" + data,
                "" + tensor,
                "" + sequenceParallel,
                "" + zero,
                "" + isSplit(),
                recompute.toString(),
                precision.toString());
    }

    /// True if the schedule has backward in two parts.
    boolean isSplit() {
        ScheduleStyle style = Schedules.named(schedule);
        return !Schedules.of(style, 2, 4, style.chunks()).inputBackwards().isEmpty();
    }

    @Override
    public String toString() {
        var text = new StringBuilder();
        text.append(
                mesh().axes().stream()
                        .map(axis -> axis.name() + "=" + axis.size())
                        .reduce((a, b) -> a + "," + b)
                        .orElse("one device"));
        text.append(sequenceParallel && tensor > 1 ? " sequence" : "");
        text.append(zero > 0 && data > 1 ? " zero-" + zero : "");
        text.append(pipe > 1 ? " " + schedule + (chunks > 1 ? " x" + chunks : "") : "");
        return text.append(" micro-batch ")
                .append(microBatch)
                .append(" recompute ")
                .append(recompute)
                .toString();
    }
}
