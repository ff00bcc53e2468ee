package dev.partita.shell.command;

import dev.partita.compiler.CompileOptions;
import dev.partita.compiler.CompileOptions.Shard;
import java.util.List;
import picocli.CommandLine.Option;

/// How positions that lie on several devices are dealt out, and how attention sees all of them.
final class ContextOptions {
    private static final String POSITIONS = "sequence";
    private static final List<String> WAYS = List.of("gather", "ring", "all-to-all");

    @Option(
            names = "--attention",
            paramLabel = "WAY",
            description = {
                "How attention sees positions of other devices: gather (of all keys and values), ring (their blocks",
                "go round) or all-to-all (heads are sharded instead, for the attention alone). Default: gather."
            })
    private String attention = "gather";

    @Option(
            names = "--balanced",
            description = {
                "Deals the sequence out so that causal attention is equal work for all devices: of 2 n stretches",
                "the i-th from the front and the i-th from the back to device i of n."
            })
    private boolean balanced;

    /// @throws dev.partita.dsl.problem.ProblemException `InvalidArgument` for an unknown way
    CompileOptions on(CompileOptions options) {
        return switch (attention) {
            case "gather" -> options.attention(CompileOptions.gather());
            case "ring" -> options.attention(CompileOptions.ring());
            case "all-to-all" -> options.attention(CompileOptions.allToAll());
            default -> throw UnknownChoice.of("attention", attention, WAYS);
        };
    }

    /// A request to shard a dim.
    Shard shard(CompileOptions options, String dim) {
        Shard shard = options.shard(dim);
        return balanced && dim.equals(POSITIONS) ? shard.balanced() : shard;
    }
}
