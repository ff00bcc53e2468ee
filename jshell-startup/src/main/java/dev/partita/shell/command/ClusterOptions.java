package dev.partita.shell.command;

import dev.partita.compiler.cost.ClusterSpec;
import dev.partita.compiler.cost.DeviceSpec;
import dev.partita.compiler.cost.StoredScores;
import java.util.List;
import picocli.CommandLine.Option;

/// Devices that are not here.
final class ClusterOptions {
    @Option(
            names = "--gpu",
            paramLabel = "NAME",
            description = {
                "a100-80gb, h100-80gb, h200, zen4-2-cores, or a file that partita bench --calibrate wrote.",
                "Default: ${DEFAULT-VALUE}."
            })
    private String gpu = "a100-80gb";

    @Option(names = "--gpus-per-node", paramLabel = "N", description = "Default: ${DEFAULT-VALUE}.")
    private int gpusPerNode = 8;

    @Option(
            names = "--attention",
            paramLabel = "WHAT",
            description = {
                "What their attention does with its scores: fused (never stores them), kept or again (makes them again",
                "in backward), as the libraries of 2022 did. Default: ${DEFAULT-VALUE}."
            })
    private String attention = "fused";

    ClusterSpec cluster() {
        StoredScores scores =
                switch (attention) {
                    case "fused" -> StoredScores.NONE;
                    case "kept" -> StoredScores.KEPT;
                    case "again" -> StoredScores.AGAIN;
                    default ->
                            throw UnknownChoice.of(
                                    "kind of attention",
                                    attention,
                                    List.of("fused", "kept", "again"));
                };
        return new ClusterSpec(DeviceSpec.named(gpu), gpusPerNode, scores);
    }

    int gpusPerNode() {
        return gpusPerNode;
    }

    String gpu() {
        return gpu;
    }
}
