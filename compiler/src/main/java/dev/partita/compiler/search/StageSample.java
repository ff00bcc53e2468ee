package dev.partita.compiler.search;

import dev.partita.compiler.Compiler;
import dev.partita.compiler.cost.ClusterSpec;
import dev.partita.compiler.plan.ExecutionPlan;
import dev.partita.compiler.simulate.Flops;
import dev.partita.compiler.simulate.SimulatedStep;
import dev.partita.compiler.simulate.SimulatedStep.Span;
import dev.partita.compiler.simulate.Simulator;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// What stages take, seen in a plan of two micro-batches in four of them: a first of one block, one
/// of one block and one of two between, and a last of one. What the longer of the two in the middle
/// takes more is what a block takes, so that stages of any number of blocks follow; and larger
/// micro-batches are the same steps over larger blocks.
///
/// @param first a first stage of one block
/// @param block a middle stage of one block
/// @param two a middle stage of two blocks
/// @param last a last stage of one block
/// @param transfer seconds of what is sent from stage to stage
/// @param after seconds of the step after the last action
/// @param flops floating-point operations of an example of the small model
/// @param flopsOfBlock those that one more block adds
record StageSample(
        SampledStage first,
        SampledStage block,
        SampledStage two,
        SampledStage last,
        double transfer,
        double after,
        Flops flops,
        Flops flopsOfBlock) {
    /// Micro-batches of the plan.
    static final int MICRO_BATCHES = 2;

    /// With which blocks, counted from 1, the stages but the first begin.
    private static final List<Integer> BEGINNINGS = List.of(2, 3, 5);

    private static final int BLOCKS = LayeredModel.SMALL;

    /// Compiles the plan for micro-batches of one example.
    static ExecutionPlan plan(LayeredModel model, Strategy strategy) {
        LayeredModel small = model.withBlocks(BLOCKS);
        List<String> layers = BEGINNINGS.stream().map(small.begin()::apply).toList();
        return Compiler.compile(small.model(), strategy.sample(small, layers)).plan();
    }

    /// Simulates such a plan.
    ///
    /// @param microBatch examples of a micro-batch, instead of one
    /// @param data devices that share out a batch
    static StageSample of(ExecutionPlan plan, long microBatch, int data, ClusterSpec cluster) {
        ExecutionPlan sized = MicroBatchSize.times(plan, microBatch);
        SimulatedStep step = Simulator.run(sized, cluster);
        List<SampledStage> stages = new ArrayList<>();
        for (int stage = 0; stage <= BEGINNINGS.size(); stage++) {
            stages.add(SampledStage.of(plan, stage, step.devices().get(stage), microBatch));
        }
        double end =
                step.devices().stream()
                        .mapToDouble(device -> device.actions().getLast().end())
                        .max()
                        .orElse(0);
        double examples = (double) MICRO_BATCHES * microBatch * data;
        return new StageSample(
                stages.get(0),
                stages.get(1),
                stages.get(2),
                stages.get(3),
                transfer(step),
                step.seconds() - end,
                Flops.of(sized).over(examples),
                Flops.of(sized, 2).plus(-1, Flops.of(sized, 1)).over(examples));
    }

    /// All stages of a strategy for a model of so many blocks.
    List<SampledStage> stages(Strategy strategy, int blocks) {
        int count = strategy.pipe() * strategy.chunks();
        return IntStream.range(0, count)
                .mapToObj(number -> stage(number, count - 1, blocks / count))
                .toList();
    }

    /// A stage of so many blocks.
    ///
    /// @param number from 0
    /// @param last number of the last stage
    SampledStage stage(int number, int last, int blocks) {
        if (last == 0) {
            return whole(blocks);
        }
        SampledStage one = number == 0 ? first : number == last ? last() : block;
        return one.plus(blocks - 1.0, two, block);
    }

    private SampledStage whole(int blocks) {
        return first.plus(1, last, block).plus(blocks - 2.0, two, block);
    }

    /// Seconds before the first action on the device of the first stage, which has so many blocks.
    double before(int blocks) {
        return first.plus(blocks - 1.0, two, block).before();
    }

    /// Seconds after the last action where devices have so many blocks each: as the device does
    /// that has most to do then.
    double after(int blocks) {
        double seen = Math.max(two.after(), Math.max(first.after(), last.after()));
        double most =
                Stream.of(first, block, last)
                        .mapToDouble(each -> each.plus(blocks - 1.0, two, block).after())
                        .max()
                        .orElse(0);
        return after + most - seen;
    }

    /// The same where so many devices share out what ZeRO splits, but for what they communicate: no
    /// device takes less.
    StageSample shared(int zero, int data) {
        double part = zero == 0 ? 1 : 1.0 / data;
        return new StageSample(
                first.shared(zero, data),
                block.shared(zero, data),
                two.shared(zero, data),
                last.shared(zero, data),
                transfer,
                after * part,
                flops,
                flopsOfBlock);
    }

    /// Floating-point operations of an example of a model of so many blocks.
    Flops flops(int blocks) {
        return flops.plus(blocks - BLOCKS, flopsOfBlock);
    }

    private static double transfer(SimulatedStep step) {
        return step.devices().getFirst().spans().stream()
                .filter(span -> span.stream().startsWith("pipe 0 to 1"))
                .mapToDouble(Span::seconds)
                .min()
                .orElse(0);
    }
}
