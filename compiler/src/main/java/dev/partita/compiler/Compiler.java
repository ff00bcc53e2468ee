package dev.partita.compiler;

import dev.partita.compiler.assemble.Assembler;
import dev.partita.compiler.autodiff.Differentiate;
import dev.partita.compiler.autodiff.MicroBatches;
import dev.partita.compiler.autodiff.OptimizerStep;
import dev.partita.compiler.autodiff.TrainingGraph;
import dev.partita.compiler.autodiff.TrainingOutputs;
import dev.partita.compiler.memory.MemoryPlans;
import dev.partita.compiler.memory.PackArena;
import dev.partita.compiler.partition.Buckets;
import dev.partita.compiler.partition.JoinUpdates;
import dev.partita.compiler.partition.LocalGraph;
import dev.partita.compiler.partition.Partitioner;
import dev.partita.compiler.partition.UnrollRings;
import dev.partita.compiler.pipeline.DrawStages;
import dev.partita.compiler.pipeline.OrderStages;
import dev.partita.compiler.pipeline.OrderedStages;
import dev.partita.compiler.pipeline.Stages;
import dev.partita.compiler.plan.ExecutionPlan;
import dev.partita.compiler.plan.Price;
import dev.partita.compiler.precision.FuseCasts;
import dev.partita.compiler.precision.KeepSums;
import dev.partita.compiler.precision.LossScaling;
import dev.partita.compiler.precision.MixedPrecision;
import dev.partita.compiler.precision.RoundGradients;
import dev.partita.compiler.recompute.RecomputeValues;
import dev.partita.compiler.schedule.DeviceSequence;
import dev.partita.compiler.schedule.Overlap;
import dev.partita.compiler.schedule.RoleSequences;
import dev.partita.compiler.schedule.SplitRoles;
import dev.partita.compiler.schedule.StartEarly;
import dev.partita.compiler.sharding.Cause;
import dev.partita.compiler.sharding.Choices;
import dev.partita.compiler.sharding.DataParallel;
import dev.partita.compiler.sharding.Propagation;
import dev.partita.compiler.sharding.ShardedGraph;
import dev.partita.compiler.sharding.SplitCrossEntropy;
import dev.partita.compiler.sharding.SpreadAttention;
import dev.partita.compiler.sharding.ZeroSharding;
import dev.partita.compiler.simplify.FuseBiasGradient;
import dev.partita.compiler.simplify.FuseElementwise;
import dev.partita.compiler.simplify.FuseEpilogue;
import dev.partita.compiler.simplify.ReluAfterPool;
import dev.partita.compiler.verify.PlanVerifier;
import dev.partita.dsl.graph.Graph;
import dev.partita.dsl.graph.Node;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.layer.Model;
import dev.partita.dsl.mesh.Coordinate;
import dev.partita.dsl.problem.ProblemException;
import dev.partita.dsl.tensor.TensorType;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The whole compiler, one pass a line. Every graph is verified where it is made, the plan at the
/// end; each pass leaves a [Snapshot].
public final class Compiler {
    private Compiler() {}

    /// The training step of a model, placed over a mesh.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException for everything that is wrong with the model
    ///   or its placement
    public static Compilation compile(Model model, CompileOptions options) {
        var passes = new Passes();
        MicroBatches.requireFit(options);
        Graph forward =
                passes.after(
                        "trace",
                        model.trace(
                                options.batch(), options.microBatches(), options.dtype(), true));
        forward = passes.after("relu-after-pool", ReluAfterPool.run(forward));
        forward =
                passes.after(
                        "data-parallel",
                        DataParallel.run(forward, options.mesh(), options.dataParallelRequest()));
        Optional<Stages> stages = cut(model, forward, options);
        forward = passes.after("draw-stages", DrawStages.run(forward, stages));
        forward = passes.after("mixed-precision", MixedPrecision.run(forward, options.precision()));
        TrainingGraph training =
                passes.after(
                        "differentiate",
                        Differentiate.run(forward, seed(forward, options.precision())));
        training =
                passes.after("round-gradients", RoundGradients.run(training, options.precision()));
        training =
                passes.after(
                        "recompute",
                        RecomputeValues.run(
                                training,
                                forward,
                                options.recompute(),
                                trial -> peakBytes(model, options, stages, trial)));
        Compilation compilation =
                place(
                        model,
                        options,
                        wholeStep(training, options, stages, options.keepGradients(), passes),
                        passes);
        options.memory()
                .ifPresent(limit ->
                        limit.require(
                                compilation.plan().memoryBytes(),
                                options,
                                other -> price(model, other)));
        return compilation;
    }

    /// What a whole step costs with other options, if there is a plan.
    private static Optional<Price> price(Model model, CompileOptions options) {
        try {
            return Optional.of(Price.of(compile(model, options).plan()));
        } catch (ProblemException refused) {
            return Optional.empty();
        }
    }

    /// From what one micro-batch computes to all that a step does and returns.
    private static OrderedStages wholeStep(
            TrainingGraph differentiated,
            CompileOptions options,
            Optional<Stages> stages,
            boolean keepGradients,
            Passes passes) {
        TrainingGraph training =
                passes.after(
                        "micro-batches",
                        MicroBatches.repeat(differentiated, options.microBatches()));
        OrderedStages ordered = passes.after("order-stages", OrderStages.run(training, stages));
        training = ordered.training();
        if (options.precision().scalesLoss()) {
            training = passes.after("unscale", LossScaling.unscale(training));
        }
        training =
                passes.after(
                        "optimizer-step",
                        OptimizerStep.append(
                                training,
                                options.optimizer(),
                                options.clipNorm(),
                                node -> home(stages, node)));
        if (options.precision().scalesLoss()) {
            training = passes.after("guard-loss-scale", LossScaling.guard(training));
        }
        training =
                passes.after("training-outputs", TrainingOutputs.choose(training, keepGradients));
        return new OrderedStages(training, ordered.actions());
    }

    /// The gradient of the loss.
    private static Op.Leaf seed(Graph forward, Precision precision) {
        TensorType loss = forward.output("loss").type();
        return precision.scalesLoss() ? LossScaling.seed(loss) : new Op.Constant(1, loss);
    }

    /// The forward pass alone, placed alike: examples in, as many as a micro-batch has,
    /// `prediction` out, no dropout.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException for everything that is wrong with the model
    ///   or its placement
    public static Compilation compileForward(Model model, CompileOptions options) {
        var passes = new Passes();
        MicroBatches.requireFit(options);
        long batch = options.batch() / options.microBatches();
        Graph forward = passes.after("trace", model.trace(batch, options.dtype(), false));
        forward = passes.after("relu-after-pool", ReluAfterPool.run(forward));
        forward =
                passes.after(
                        "data-parallel",
                        DataParallel.run(forward, options.mesh(), options.dataParallelRequest()));
        forward =
                passes.after("draw-stages", DrawStages.run(forward, cut(model, forward, options)));
        forward = passes.after("mixed-precision", MixedPrecision.run(forward, options.precision()));
        var whole = new OrderedStages(TrainingGraph.forwardOnly(forward), Map.of());
        return place(model, options, whole, passes);
    }

    /// What the fullest device needs for a training step that keeps no gradients.
    private static long peakBytes(
            Model model, CompileOptions options, Optional<Stages> stages, TrainingGraph trial) {
        OrderedStages step = wholeStep(trial, options, stages, false, new Passes());
        return place(model, options, step, new Passes()).plan().peakBytes();
    }

    private static Optional<Stages> cut(Model model, Graph forward, CompileOptions options) {
        return options.stageRequest()
                .map(request -> request.cut(forward, model.stageBeginnings(), options));
    }

    /// Where a parameter or the loss lives.
    private static List<Coordinate> home(Optional<Stages> stages, Node node) {
        return stages.map(cut -> cut.at(cut.stage(node))).orElse(List.of());
    }

    private static Map<String, Cause> homes(CompileOptions options) {
        Map<String, Cause> homes = new LinkedHashMap<>();
        options.dataParallelRequest().map(DataParallelRequest::homes).ifPresent(homes::putAll);
        options.stageRequest().map(StageRequest::homes).ifPresent(homes::putAll);
        return homes;
    }

    private static Compilation place(
            Model model, CompileOptions options, OrderedStages whole, Passes passes) {
        var choices = new Choices(options.shards(), others -> price(model, options, whole, others));
        return place(model, options, whole, choices, passes);
    }

    /// What the same step costs with other requests, if they can be kept.
    private static Optional<Price> price(
            Model model, CompileOptions options, OrderedStages whole, List<ShardRequest> others) {
        try {
            Choices choices = Choices.only(others);
            return Optional.of(
                    Price.of(place(model, options, whole, choices, new Passes()).plan()));
        } catch (ProblemException refused) {
            return Optional.empty();
        }
    }

    private static Compilation place(
            Model model,
            CompileOptions options,
            OrderedStages whole,
            Choices choices,
            Passes passes) {
        TrainingGraph graph = passes.after("keep-sums", KeepSums.run(whole.training()));
        ShardedGraph sharded =
                passes.after(
                        "propagate",
                        Propagation.run(graph, options.mesh(), choices, homes(options)));
        sharded = passes.after("split-cross-entropy", SplitCrossEntropy.run(sharded));
        sharded =
                passes.after("spread-attention", SpreadAttention.run(sharded, options.attention()));
        sharded = passes.after("zero-sharding", ZeroSharding.run(sharded, options.zero(), choices));
        LocalGraph local = passes.after("partition", Partitioner.run(sharded));
        local = passes.after("unroll-rings", UnrollRings.run(local));
        local = passes.after("fuse-epilogue", local.with(FuseEpilogue.run(local.graph())));
        local = passes.after("fuse-bias-gradient", local.with(FuseBiasGradient.run(local.graph())));
        local = passes.after("fuse-elementwise", local.with(FuseElementwise.run(local.graph())));
        local = passes.after("fuse-casts", local.with(FuseCasts.run(local.graph())));
        local = passes.after("buckets", Buckets.run(local, options.bucketBytes()));
        local = passes.after("start-early", StartEarly.run(local, options.bucketBytes()));
        local = passes.after("join-updates", JoinUpdates.run(local));
        DeviceSequence sequence = passes.after("overlap", Overlap.run(local));
        RoleSequences roles = passes.after("split-roles", SplitRoles.run(sequence));
        MemoryPlans memory = passes.after("pack-arena", PackArena.run(roles));
        ExecutionPlan plan = passes.after("assemble", Assembler.run(memory, whole.actions()));
        PlanVerifier.verify(plan);
        return new Compilation(model, options, sharded, plan, passes.snapshots());
    }
}
