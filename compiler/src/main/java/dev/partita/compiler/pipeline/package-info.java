/// How micro-batches move through the stages of a pipeline: schedules as data, what each must keep,
/// and how long it takes.
///
/// A [dev.partita.compiler.pipeline.PipelineSchedule] prints one line a device, in the order of its
/// work, and parses back; `#` begins a comment:
///
/// ```
/// 0F0 0F1 0B0 0B1
/// 1F0 1B0 1F1 1B1
/// ```
///
/// An action is a stage, a letter and a micro-batch: `F` forward, `B` backward, `W` the gradients
/// of weights. Where a stage has a `W` for a micro-batch, its `B` computes the gradients of inputs
/// alone; where it has none, `B` is all of backward.
@NullMarked
package dev.partita.compiler.pipeline;

import org.jspecify.annotations.NullMarked;
