package dev.partita.shell.command;

import dev.partita.compiler.CompileOptions;
import dev.partita.compiler.ContextAttention;
import dev.partita.compiler.ShardRequest;
import dev.partita.dsl.layer.Model;
import dev.partita.dsl.layer.ModelInput;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Option;

/// How positions that lie on several devices are dealt out, and how attention sees all of them.
final class ContextOptions {
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

    /// The options with these dims sharded over these axes.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `InvalidArgument` for an unknown way, or if
    ///   no positions are sharded that one could attend to or deal out
    CompileOptions shard(CompileOptions options, Map<String, String> shards, Model model) {
        String positions =
                model.input().word() instanceof ModelInput.Tokens tokens ? tokens.name() : "";
        if ((balanced || !attention.equals("gather")) && !shards.containsKey(positions)) {
            throw noPositions(options, positions);
        }
        CompileOptions sharded = options.attention(way());
        for (Map.Entry<String, String> each : shards.entrySet()) {
            boolean deal = balanced && each.getKey().equals(positions);
            ShardRequest.Words shard = sharded.shard(each.getKey());
            sharded = (deal ? shard.balanced() : shard).over(each.getValue().split(",", -1));
        }
        return sharded;
    }

    private ContextAttention way() {
        return switch (attention) {
            case "gather" -> CompileOptions.gather();
            case "ring" -> CompileOptions.ring();
            case "all-to-all" -> CompileOptions.allToAll();
            default -> throw UnknownChoice.of("attention", attention, WAYS);
        };
    }

    private RuntimeException noPositions(CompileOptions options, String positions) {
        way();
        return Problem.of(
                        ProblemCode.INVALID_ARGUMENT,
                        "No positions are sharded, so no attention has to see other devices.")
                .fact("asked by", balanced ? "--balanced" : "--attention " + attention)
                .fact("mesh", options.mesh())
                .fix(
                        positions.isEmpty()
                                ? "a model that starts with tokens, such as gpt"
                                : "--mesh context=2, which shards sequence, or --shard %s=AXIS"
                                        .formatted(positions))
                .exception();
    }
}
