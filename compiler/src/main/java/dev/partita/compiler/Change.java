package dev.partita.compiler;

import dev.partita.dsl.mesh.Mesh;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/// Another request instead of one that was made, for [Compilation#whatIf]: `plan.whatIf(zero(2))`.
/// Whatever the options can be asked is one: `plan.whatIf(o -> o.clipNorm(1))`.
public interface Change extends UnaryOperator<CompileOptions> {
    /// Splits what ZeRO does at this stage, over the axes that it did or those that shard the
    /// batch.
    ///
    /// @param stage from 1 to 3
    static Change zero(int stage) {
        return options -> {
            List<String> axes =
                    options.zero()
                            .map(ZeroRequest::axes)
                            .orElseGet(() ->
                                    options.shards().stream()
                                            .filter(request -> request.dim().equals("batch"))
                                            .flatMap(request -> request.axes().stream())
                                            .toList());
            return options.zero(stage).over(axes.toArray(String[]::new));
        };
    }

    /// Computes a batch in this many parts.
    static Change microBatches(long count) {
        return options -> options.microBatches(count);
    }

    /// Takes this many examples a step.
    static Change batch(long examples) {
        return options -> options.batch(examples);
    }

    /// Computes in these types.
    static Change precision(Precision precision) {
        return options -> options.precision(precision);
    }

    /// Computes this again in backward.
    static Change recompute(Recompute recompute) {
        return options -> options.recompute(recompute);
    }

    /// Cuts the model into this many stages along `pipe`, in the order that it had or of `1f1b`.
    static Change stages(int count) {
        return options -> {
            StageRequest.Words words = options.stages(count);
            Optional<StageRequest> old = options.stageRequest();
            return old.map(request -> words.schedule(request.style().name()))
                    .orElse(words)
                    .over(old.map(StageRequest::axis).orElse("pipe"));
        };
    }

    /// Asks the same on another mesh.
    static Change mesh(Mesh mesh) {
        return options -> moved(options, mesh);
    }

    private static CompileOptions moved(CompileOptions options, Mesh mesh) {
        CompileOptions moved =
                CompileOptions.on(mesh)
                        .optimizer(options.optimizer())
                        .clipNorm(options.clipNorm())
                        .batch(options.batch())
                        .microBatches(options.microBatches())
                        .precision(options.precision())
                        .bucketBytes(options.bucketBytes())
                        .recompute(options.recompute())
                        .attention(options.attention())
                        .memory(options.memory())
                        .shards(options.askedShards());
        moved = options.keepGradients() ? moved.keepingGradients() : moved;
        moved = options.zero().map(moved::zero).orElse(moved);
        moved = options.dataParallelRequest().map(moved::dataParallel).orElse(moved);
        return options.stageRequest().map(moved::stages).orElse(moved);
    }
}
