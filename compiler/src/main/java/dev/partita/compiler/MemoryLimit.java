package dev.partita.compiler;

import dev.partita.compiler.plan.MemoryBytes;
import dev.partita.compiler.plan.Price;
import dev.partita.dsl.problem.Origin;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/// The memory that each device has for a training step.
public record MemoryLimit(long bytes, Origin origin) {
    public MemoryLimit {
        if (bytes < 1) {
            throw Problem.of(
                            ProblemCode.INVALID_ARGUMENT,
                            "The memory of a device is a positive number of bytes.")
                    .fact("bytes", bytes)
                    .fix("write for example memory(80L << 30)")
                    .exception();
        }
    }

    /// Checks what the fullest device needs.
    ///
    /// @param price what a plan by other options asks of its devices, or empty if there is none
    /// @throws dev.partita.dsl.problem.ProblemException `OutOfMemory`, with what takes the memory
    ///   and every single change that makes it fit
    public void require(
            MemoryBytes need,
            CompileOptions options,
            Function<CompileOptions, Optional<Price>> price) {
        if (need.total() <= bytes) {
            return;
        }
        Problem problem =
                Problem.of(
                                ProblemCode.OUT_OF_MEMORY,
                                "A training step does not fit into the memory of a device.")
                        .fact("memory", "%,d bytes".formatted(bytes))
                        .fact("needed", "%,d bytes".formatted(need.total()))
                        .fact("weights", "%,d".formatted(need.weights()))
                        .fact("gradients", "%,d".formatted(need.gradients()))
                        .fact("optimizer", "%,d".formatted(need.optimizer()))
                        .fact("activations", "%,d".formatted(need.activations()))
                        .fact("buffers", "%,d".formatted(need.buffers()));
        String fits = "";
        for (Map.Entry<String, CompileOptions> change : changes(options).entrySet()) {
            Optional<Price> priced = price.apply(change.getValue());
            if (priced.isPresent() && priced.get().peakBytes() <= bytes) {
                problem = problem.fact(change.getKey(), priced.get());
                fits = fits.isEmpty() ? change.getKey() : fits;
            }
        }
        String fix = fits.isEmpty() ? "a smaller batch, or more devices to share it" : fits;
        throw problem.fix(fix).at(origin).exception();
    }

    /// What may save memory, by the words for it, what costs least first.
    private static Map<String, CompileOptions> changes(CompileOptions options) {
        Map<String, CompileOptions> changes = new LinkedHashMap<>();
        CompileOptions free = options.memory(Optional.empty());
        List<String> data =
                options.shards().stream()
                        .filter(r -> r.dim().equals("batch") && r.layers().isEmpty())
                        .flatMap(r -> r.axes().stream())
                        .toList();
        int zero = options.zero().map(ZeroRequest::stage).orElse(0);
        for (int stage = zero + 1; stage <= 3 && !data.isEmpty(); stage++) {
            String[] axes = data.toArray(String[]::new);
            CompileOptions split = free.zero(stage).over(axes);
            changes.put(split.zero().orElseThrow().toString(), split);
        }
        long more = 2 * options.microBatches();
        if (options.batch() % more == 0) {
            changes.put("microBatches(%d)".formatted(more), free.microBatches(more));
        }
        if (options.recompute() instanceof Recompute.None) {
            changes.put("recompute(Recompute.full())", free.recompute(Recompute.full()));
        }
        if (options.precision().equals(Precision.F32)) {
            changes.put("precision(Precision.BF16)", free.precision(Precision.BF16));
        }
        return changes;
    }

    @Override
    public String toString() {
        return "memory(" + bytes + ")";
    }
}
