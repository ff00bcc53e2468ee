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

/// How to place and train a model: the mesh, which dims are sharded over which axes, the optimizer
/// and the global batch. Immutable; every call returns new options.
///
/// ```java
/// on(mesh).shard("batch").over("data").shard("hidden").over("tensor").optimizer(adam(1e-3)).batch(256)
/// ```
///
/// @param batch examples per step over all devices
/// @param dtype element type of weights and activations, `f32` or `f64`
/// @param bucketBytes gradient all-reduces over the same group are joined up to this size
/// @param keepGradients gradients stay readable after the step, as outputs `gradient/NAME`
public record CompileOptions(
        Mesh mesh,
        List<ShardRequest> shards,
        Optimizer optimizer,
        long batch,
        Dtype dtype,
        long bucketBytes,
        boolean keepGradients) {

    public CompileOptions {
        shards = List.copyOf(shards);
        if (batch < 1) {
            throw Problem.of(
                            ProblemCode.INVALID_ARGUMENT,
                            "The batch must hold at least one example.")
                    .fact("batch", batch)
                    .fix("write for example batch(256)")
                    .exception();
        }
        if (dtype != Dtype.F32 && dtype != Dtype.F64) {
            throw Problem.of(ProblemCode.UNSUPPORTED, "Training computes in f32 or f64.")
                    .fact("dtype", dtype)
                    .fix("use Dtype.F32")
                    .exception();
        }
    }

    /// Options for a mesh: nothing sharded, Adam at 1e-3, 32 examples a step, `f32`, buckets of 256
    /// KiB.
    public static CompileOptions on(Mesh mesh) {
        return new CompileOptions(mesh, List.of(), adam(1e-3), 32, Dtype.F32, 1 << 18, false);
    }

    /// The same for one device and the whole batch: what a partitioned plan is proved against.
    public CompileOptions onOneDevice() {
        return new CompileOptions(
                Mesh.ONE_DEVICE, List.of(), optimizer, batch, dtype, bucketBytes, keepGradients);
    }

    /// Starts a request to shard every dim of this name; [Shard#over] completes it.
    public Shard shard(String dim) {
        return new Shard(this, dim, List.of());
    }

    public CompileOptions optimizer(Optimizer newOptimizer) {
        return new CompileOptions(
                mesh, shards, newOptimizer, batch, dtype, bucketBytes, keepGradients);
    }

    public CompileOptions batch(long examples) {
        return new CompileOptions(
                mesh, shards, optimizer, examples, dtype, bucketBytes, keepGradients);
    }

    public CompileOptions dtype(Dtype newDtype) {
        return new CompileOptions(
                mesh, shards, optimizer, batch, newDtype, bucketBytes, keepGradients);
    }

    public CompileOptions bucketBytes(long bytes) {
        return new CompileOptions(mesh, shards, optimizer, batch, dtype, bytes, keepGradients);
    }

    public CompileOptions keepingGradients() {
        return new CompileOptions(mesh, shards, optimizer, batch, dtype, bucketBytes, true);
    }

    /// A user's request: dims named `dim`, in results of `layers` or everywhere if there are none,
    /// are split over `axes`.
    public record ShardRequest(String dim, List<String> layers, List<String> axes, Origin origin) {
        public ShardRequest {
            layers = List.copyOf(layers);
            axes = List.copyOf(axes);
        }

        @Override
        public String toString() {
            String where = layers.isEmpty() ? "" : ".at(\"" + String.join("\", \"", layers) + "\")";
            return "shard(\""
                    + dim
                    + "\")"
                    + where
                    + ".over(\""
                    + String.join("\", \"", axes)
                    + "\")";
        }
    }

    /// A request that still lacks its axes.
    public record Shard(CompileOptions options, String dim, List<String> layers) {
        /// Restricts the request to what these layers compute.
        public Shard at(String... newLayers) {
            return new Shard(options, dim, List.of(newLayers));
        }

        /// Splits the dim over these axes, major first.
        ///
        /// @throws dev.partita.dsl.problem.ProblemException `UnknownAxis`, with the near miss
        public CompileOptions over(String... axes) {
            for (String axis : axes) {
                options.mesh.axis(axis);
            }
            var more = new ArrayList<>(options.shards);
            more.add(new ShardRequest(dim, layers, List.of(axes), Origin.here()));
            return new CompileOptions(
                    options.mesh,
                    more,
                    options.optimizer,
                    options.batch,
                    options.dtype,
                    options.bucketBytes,
                    options.keepGradients);
        }
    }
}
