package dev.partita.compiler;

import static dev.partita.dsl.layer.Spelling.quoted;
import static dev.partita.dsl.layer.Spelling.word;

import dev.partita.dsl.layer.OptimizerSpelling;
import dev.partita.dsl.layer.Spelling;
import dev.partita.dsl.mesh.Axis;
import dev.partita.dsl.mesh.Mesh;
import java.util.List;

/// How a person writes a mesh and [CompileOptions], all words imported statically: what it gives is
/// the same options again. What is usual is left out, and every request begins a line.
public final class OptionsSpelling {
    private static final String NEXT_LINE = "\n";

    private OptionsSpelling() {}

    public static String of(Mesh mesh) {
        var text = new StringBuilder("Mesh.ONE_DEVICE");
        for (Axis axis : mesh.axes()) {
            text.append(NEXT_LINE)
                    .append(word(".by", quoted(axis.name()), Spelling.of(axis.size())));
        }
        return text.toString();
    }

    /// All options, each on a line.
    ///
    /// @param mesh how the mesh is called
    public static String of(CompileOptions options, String mesh) {
        CompileOptions usual = CompileOptions.on(options.mesh());
        var text = new StringBuilder(word("on", mesh));
        options.askedShards().forEach(request -> say(text, of(request)));
        options.zero()
                .ifPresent(zero ->
                        say(
                                text,
                                "." + word("zero", Spelling.of(zero.stage())) + over(zero.axes())));
        options.dataParallelRequest()
                .ifPresent(request -> say(text, ".dataParallel()" + over(request.axes())));
        options.stageRequest().ifPresent(request -> say(text, of(request)));
        if (!(options.attention() instanceof ContextAttention.Gather)) {
            say(text, word(".attention", of(options.attention())));
        }
        if (!options.precision().equals(usual.precision())) {
            say(text, word(".precision", of(options.precision())));
        }
        if (!options.recompute().equals(usual.recompute())) {
            say(text, word(".recompute", of(options.recompute())));
        }
        options.memory().ifPresent(limit -> say(text, word(".memory", Spelling.of(limit.bytes()))));
        say(text, word(".optimizer", OptimizerSpelling.spell(options.optimizer())));
        if (options.clipNorm() != usual.clipNorm()) {
            say(text, word(".clipNorm", Spelling.of(options.clipNorm())));
        }
        say(text, word(".batch", Spelling.of(options.batch())));
        if (options.microBatches() != usual.microBatches()) {
            say(text, word(".microBatches", Spelling.of(options.microBatches())));
        }
        return text.toString();
    }

    private static void say(StringBuilder text, String words) {
        text.append(NEXT_LINE).append(words);
    }

    private static String over(List<String> axes) {
        return word(".over", quoted(axes));
    }

    private static String of(ShardRequest request) {
        String at = request.layers().isEmpty() ? "" : word(".at", quoted(request.layers()));
        String dim = quoted(request.dim());
        return request.sharding().isWhole()
                ? word(".replicate", dim) + at
                : word(".shard", dim)
                        + at
                        + (request.sharding().balanced() ? ".balanced()" : "")
                        + over(request.axes());
    }

    private static String of(StageRequest request) {
        String stages =
                request.begins().isEmpty()
                        ? word(".stages", Spelling.of(request.count()))
                        : word(".stages", quoted(request.begins()));
        String order =
                request.written()
                        .map(own -> word("PipelineSchedule.parse", quoted(own.print().strip())))
                        .orElseGet(() -> quoted(request.style().name()));
        return stages + word(".schedule", order) + word(".over", quoted(request.axis()));
    }

    private static String of(ContextAttention attention) {
        return switch (attention) {
            case ContextAttention.Gather _ -> "gather()";
            case ContextAttention.Ring _ -> "ring()";
            case ContextAttention.AllToAll _ -> "allToAll()";
        };
    }

    private static String of(Precision precision) {
        String plain =
                switch (precision.compute()) {
                    case F64 -> "Precision.F64";
                    case F32 -> "Precision.F32";
                    case BF16 -> "Precision.BF16";
                    case F16 -> "Precision.F16";
                    case I64, I32, U8 -> throw new IllegalArgumentException(precision.toString());
                };
        return plain + (precision.roundsGradients() ? ".roundingGradients()" : "");
    }

    private static String of(Recompute recompute) {
        return switch (recompute) {
            case Recompute.None _ -> "Recompute.none()";
            case Recompute.Full _ -> "Recompute.full()";
            case Recompute.Selective s -> word("Recompute.selective", quoted(s.names()));
            case Recompute.Within w -> word("Recompute.within", Spelling.of(w.bytes()));
        };
    }
}
