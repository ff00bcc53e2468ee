package dev.partita.compiler;

import static dev.partita.dsl.layer.Layers.adam;

import dev.partita.dsl.layer.Optimizer;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.problem.Origin;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.tensor.Dtype;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// How to place and train a model: the mesh, which dims are sharded over which axes, the optimizer
/// and the global batch. Immutable; every call returns new options.
///
/// ```java
/// on(mesh).shard("batch").over("data").shard("hidden").over("tensor").optimizer(adam(1e-3)).batch(256)
/// ```
public final class CompileOptions {
    private final Mesh mesh;
    private List<ShardRequest> shards = List.of();
    private Optional<ZeroRequest> zero = Optional.empty();
    private Optional<DataParallelRequest> dataParallel = Optional.empty();
    private Optional<StageRequest> stages = Optional.empty();
    private Optimizer optimizer = adam(1e-3);
    private double clipNorm = Double.POSITIVE_INFINITY;
    private long batch = 32;
    private long microBatches = 1;
    private Precision precision = Precision.F32;
    private long bucketBytes = 1 << 18;
    private boolean keepGradients;
    private Recompute recompute = Recompute.none();
    private ContextAttention attention = new ContextAttention.Gather();
    private Optional<MemoryLimit> memory = Optional.empty();

    private CompileOptions(Mesh mesh) {
        this.mesh = mesh;
    }

    /// Options for a mesh: nothing sharded, Adam at 1e-3, 32 examples a step, `f32`, buckets of 256
    /// KiB.
    public static CompileOptions on(Mesh mesh) {
        return new CompileOptions(mesh);
    }

    /// The same training, to be placed on a mesh anew.
    private CompileOptions trainingOn(Mesh newMesh) {
        var copy = new CompileOptions(newMesh);
        copy.optimizer = optimizer;
        copy.clipNorm = clipNorm;
        copy.batch = batch;
        copy.microBatches = microBatches;
        copy.precision = precision;
        copy.bucketBytes = bucketBytes;
        copy.keepGradients = keepGradients;
        return copy;
    }

    private CompileOptions copy() {
        CompileOptions copy = trainingOn(mesh);
        copy.shards = shards;
        copy.recompute = recompute;
        copy.attention = attention;
        copy.zero = zero;
        copy.dataParallel = dataParallel;
        copy.stages = stages;
        copy.memory = memory;
        return copy;
    }

    /// The same for one device, micro-batches included: what a partitioned plan is proved against.
    public CompileOptions onOneDevice() {
        return trainingOn(Mesh.ONE_DEVICE);
    }

    public Mesh mesh() {
        return mesh;
    }

    /// What the user asked to be split, in that order; the batch too, where [#dataParallel()] says
    /// so and nothing else does.
    public List<ShardRequest> shards() {
        List<ShardRequest> all = new ArrayList<>(shards);
        dataParallel
                .map(DataParallelRequest::batch)
                .filter(batch -> shards.stream().noneMatch(batch::isWithin))
                .ifPresent(all::add);
        return List.copyOf(all);
    }

    List<ShardRequest> askedShards() {
        return shards;
    }

    /// Starts a request to shard every dim of this name; [ShardRequest.Words#over] completes it.
    public ShardRequest.Words shard(String dim) {
        return new ShardRequest.Words(this, dim, List.of(), false);
    }

    /// Starts a request to keep every dim of this name whole in some layers' results, whatever else
    /// is asked; [ShardRequest.Whole#at] completes it.
    public ShardRequest.Whole replicate(String dim) {
        return new ShardRequest.Whole(this, dim);
    }

    CompileOptions shards(List<ShardRequest> requests) {
        CompileOptions copy = copy();
        copy.shards = List.copyOf(requests);
        return copy;
    }

    CompileOptions shard(ShardRequest request) {
        List<ShardRequest> more = new ArrayList<>(shards);
        more.add(request);
        return shards(more);
    }

    /// What data parallelism need not keep whole on every device, if the user asked for it.
    public Optional<ZeroRequest> zero() {
        return zero;
    }

    /// Starts a request to keep less than data parallelism does on every device (ZeRO, Rajbhandari
    /// et al. 2020, section 5); [ZeroRequest.Words#over] completes it.
    ///
    /// @param stage 1: optimizer state is split; 2: gradients too; 3: weights too, which then are
    ///   gathered layer by layer
    /// @throws dev.partita.dsl.problem.ProblemException `InvalidArgument` for another stage
    public ZeroRequest.Words zero(int stage) {
        if (stage < 1 || stage > 3) {
            throw Problem.of(ProblemCode.INVALID_ARGUMENT, "ZeRO has the stages 1, 2 and 3.")
                    .fact("stage", stage)
                    .fix(
                            "write zero(1) to split optimizer state, zero(2) for gradients too, zero(3) for weights too")
                    .exception();
        }
        return new ZeroRequest.Words(this, stage);
    }

    /// The axes over which the batch is spread as `torch.nn.DataParallel` does it, if the user
    /// asked for that.
    public Optional<DataParallelRequest> dataParallelRequest() {
        return dataParallel;
    }

    /// Starts a request to train as `torch.nn.DataParallel` does: weights and optimizer state live
    /// on the first device of an axis, which scatters examples, broadcasts weights, gathers
    /// predictions, and sums gradients in every step; [DataParallelRequest.Words#over] completes
    /// it. It is here to compare with: `shard("batch").over("data")` does the same work in less
    /// time and memory.
    public DataParallelRequest.Words dataParallel() {
        return new DataParallelRequest.Words(this);
    }

    /// How the model is cut into stages, if the user asked for it.
    public Optional<StageRequest> stageRequest() {
        return stages;
    }

    /// Starts a request to cut the model into stages with about equal work, in the order of `1f1b`;
    /// [StageRequest.Words#over] completes it.
    ///
    /// @param count of stages: those of all devices of the axis together
    public StageRequest.Words stages(int count) {
        return new StageRequest.Words(this, count, List.of());
    }

    /// The same with stages that begin with these layers; the first begins with the model. Without
    /// any, stages begin where the model says `.stage()`, or if it does not, by work.
    public StageRequest.Words stages(String... begins) {
        return new StageRequest.Words(this, 0, List.of(begins));
    }

    CompileOptions dataParallel(DataParallelRequest request) {
        CompileOptions copy = copy();
        copy.dataParallel = Optional.of(request);
        return copy;
    }

    CompileOptions zero(ZeroRequest request) {
        CompileOptions copy = copy();
        copy.zero = Optional.of(request);
        return copy;
    }

    CompileOptions stages(StageRequest request) {
        CompileOptions copy = copy();
        copy.stages = Optional.of(request);
        return copy;
    }

    public Optimizer optimizer() {
        return optimizer;
    }

    public CompileOptions optimizer(Optimizer newOptimizer) {
        CompileOptions copy = copy();
        copy.optimizer = newOptimizer;
        return copy;
    }

    /// The gradient norm above which gradients are shortened; infinite if they are not.
    public double clipNorm() {
        return clipNorm;
    }

    /// Shortens all gradients together to at most this norm, over all parameters and devices, as
    /// PyTorch's `clip_grad_norm_`. The output `gradient-norm` is the norm before.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `InvalidArgument` unless it is positive
    public CompileOptions clipNorm(double maxNorm) {
        if (!(maxNorm > 0)) {
            throw Problem.of(
                            ProblemCode.INVALID_ARGUMENT,
                            "Gradients can be shortened to a positive norm only.")
                    .fact("clip norm", maxNorm)
                    .fix("write for example clipNorm(1)")
                    .exception();
        }
        CompileOptions copy = copy();
        copy.clipNorm = maxNorm;
        return copy;
    }

    /// Examples per step, over all devices.
    public long batch() {
        return batch;
    }

    /// Sets the examples per step, over all devices.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `InvalidArgument` without an example
    public CompileOptions batch(long examples) {
        if (examples < 1) {
            throw Problem.of(
                            ProblemCode.INVALID_ARGUMENT,
                            "The batch must hold at least one example.")
                    .fact("batch", examples)
                    .fix("write for example batch(256)")
                    .exception();
        }
        CompileOptions copy = copy();
        copy.batch = examples;
        return copy;
    }

    /// Parts of the batch that are computed one after the other.
    public long microBatches() {
        return microBatches;
    }

    /// Computes every step in this many parts of the batch, one after the other, and updates once
    /// with the sum of their gradients: activations take a part of the memory, and the result is
    /// that of the whole batch, dropout included.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `InvalidArgument` below 1; that the parts
    ///   divide the batch is checked when a model is compiled
    public CompileOptions microBatches(long count) {
        if (count < 1) {
            throw Problem.of(ProblemCode.INVALID_ARGUMENT, "A batch has at least one micro-batch.")
                    .fact("micro-batches", count)
                    .fix("write for example microBatches(4)")
                    .exception();
        }
        CompileOptions copy = copy();
        copy.microBatches = count;
        return copy;
    }

    /// Element type of weights, optimizer state and loss.
    public Dtype dtype() {
        return precision.full();
    }

    /// Computes everything in one element type.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `Unsupported` unless it is `f32` or `f64`
    public CompileOptions dtype(Dtype dtype) {
        return switch (dtype) {
            case F32 -> precision(Precision.F32);
            case F64 -> precision(Precision.F64);
            case BF16, F16, I64, I32, U8 ->
                    throw Problem.of(
                                    ProblemCode.UNSUPPORTED,
                                    "Weights and optimizer state are f32 or f64.")
                            .fact("dtype", dtype)
                            .fix("precision(Precision.BF16) computes in bf16 beside f32 weights")
                            .exception();
        };
    }

    /// The types that ops compute in.
    public Precision precision() {
        return precision;
    }

    public CompileOptions precision(Precision newPrecision) {
        CompileOptions copy = copy();
        copy.precision = newPrecision;
        return copy;
    }

    /// Collectives of gradients and weights over the same group are joined up to this size.
    public long bucketBytes() {
        return bucketBytes;
    }

    public CompileOptions bucketBytes(long bytes) {
        CompileOptions copy = copy();
        copy.bucketBytes = bytes;
        return copy;
    }

    /// Which forward values are computed again in backward.
    public Recompute recompute() {
        return recompute;
    }

    /// Sets which forward values are computed again in backward instead of being kept:
    /// `recompute(Recompute.full())`.
    public CompileOptions recompute(Recompute newRecompute) {
        CompileOptions copy = copy();
        copy.recompute = newRecompute;
        return copy;
    }

    public Optional<MemoryLimit> memory() {
        return memory;
    }

    /// Refuses plans that need more memory than this on some device.
    public CompileOptions memory(long bytes) {
        return memory(Optional.of(new MemoryLimit(bytes, Origin.here())));
    }

    CompileOptions memory(Optional<MemoryLimit> limit) {
        CompileOptions copy = copy();
        copy.memory = limit;
        return copy;
    }

    /// How attention gets at the keys of other devices where positions are sharded.
    public ContextAttention attention() {
        return attention;
    }

    /// Sets how attention gets at the keys of other devices where positions are sharded:
    /// `attention(ring())`. By default each device gathers all keys and values.
    public CompileOptions attention(ContextAttention newAttention) {
        CompileOptions copy = copy();
        copy.attention = newAttention;
        return copy;
    }

    /// Each device gathers the keys and values of all positions before it attends.
    public static ContextAttention gather() {
        return new ContextAttention.Gather();
    }

    /// Blocks of keys and values go round the devices while these attend to the block in hand, so a
    /// device never holds more than two (Ring Attention, Liu et al. 2023).
    public static ContextAttention ring() {
        return new ContextAttention.Ring();
    }

    /// For the attention alone heads are sharded in place of positions, by an all-to-all before and
    /// after it (DeepSpeed-Ulysses, Jacobs et al. 2023).
    public static ContextAttention allToAll() {
        return new ContextAttention.AllToAll(Origin.here());
    }

    /// True if gradients stay readable after the step, as outputs `gradient/NAME`.
    public boolean keepGradients() {
        return keepGradients;
    }

    public CompileOptions keepingGradients() {
        CompileOptions copy = copy();
        copy.keepGradients = true;
        return copy;
    }

    void requireAxes(String[] axes, String what, String words) {
        if (axes.length == 0) {
            throw Problem.of(ProblemCode.INVALID_ARGUMENT, what + " over an axis.")
                    .fact("mesh", mesh)
                    .fix("write for example " + words + ".over(\"data\")")
                    .exception();
        }
        for (String axis : axes) {
            mesh.axis(axis);
        }
    }

    static String quoted(List<String> names) {
        return "\"" + String.join("\", \"", names) + "\"";
    }
}
