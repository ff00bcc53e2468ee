package dev.partita.compiler.pipeline;

import java.util.List;

/// A known way to order the work of a pipeline.
public sealed interface ScheduleStyle
        permits Sequential,
                GPipe,
                OneForwardOneBackward,
                Interleaved,
                ZeroBubble,
                ZeroBubbleV,
                DualPipeV {
    /// As it is written on the command line.
    String name();

    /// Stages per device that this style is made for; 0 if the user says how many.
    int chunks();

    /// What one device does, in order.
    ///
    /// @param device from 0
    /// @param devices of the pipeline, at least 1
    /// @param microBatches of a step, at least 1
    /// @param chunks stages per device
    /// @throws dev.partita.dsl.problem.ProblemException `InvalidArgument` for numbers that the
    ///   style has no order for, with those nearby that it has
    List<PipelineAction> order(int device, int devices, int microBatches, int chunks);
}
