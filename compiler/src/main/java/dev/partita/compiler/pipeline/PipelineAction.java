package dev.partita.compiler.pipeline;

import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What one stage does for one micro-batch. Prints `2F0`; [#parse] reads that.
public record PipelineAction(int stage, Work work, int microBatch) {
    private static final Pattern TEXT = Pattern.compile("(\\d{1,6})([FBW])(\\d{1,6})");

    /// A part of a micro-batch's work.
    public enum Work {
        /// Forward.
        F,
        /// Backward: the gradients of the stage's inputs and, unless there is a [#W], of its
        /// weights.
        B,
        /// The gradients of the stage's weights.
        W
    }

    /// Reads `2F0`.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `InvalidArgument`
    public static PipelineAction parse(String text) {
        Matcher matcher = TEXT.matcher(text);
        if (!matcher.matches()) {
            throw Problem.of(
                            ProblemCode.INVALID_ARGUMENT,
                            "An action of a pipeline is a stage, F, B or W, and a micro-batch.")
                    .fact("given", text)
                    .fix("2F0 for the forward of micro-batch 0 in stage 2")
                    .exception();
        }
        return new PipelineAction(
                Integer.parseInt(matcher.group(1)),
                Work.valueOf(matcher.group(2)),
                Integer.parseInt(matcher.group(3)));
    }

    /// The forward of a micro-batch in a stage.
    public static PipelineAction forward(int stage, int microBatch) {
        return new PipelineAction(stage, Work.F, microBatch);
    }

    /// The backward of a micro-batch in a stage.
    public static PipelineAction backward(int stage, int microBatch) {
        return new PipelineAction(stage, Work.B, microBatch);
    }

    /// The gradients of a stage's weights for a micro-batch.
    public static PipelineAction weights(int stage, int microBatch) {
        return new PipelineAction(stage, Work.W, microBatch);
    }

    @Override
    public String toString() {
        return stage + work.name() + microBatch;
    }
}
