package dev.partita.compiler.cost;

import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import java.util.List;

/// Equal devices in nodes of equal size. Ranks fill node after node.
///
/// @param scores what their implementation of attention does with its scores
public record ClusterSpec(DeviceSpec device, int devicesPerNode, StoredScores scores) {
    /// @throws dev.partita.dsl.problem.ProblemException `InvalidArgument` for an empty node
    public ClusterSpec {
        if (devicesPerNode < 1) {
            throw Problem.of(ProblemCode.INVALID_ARGUMENT, "A node has at least one device.")
                    .fact("devices per node", devicesPerNode)
                    .fix("--gpus-per-node 8")
                    .exception();
        }
    }

    /// Devices whose attention stores no scores.
    public ClusterSpec(DeviceSpec device, int devicesPerNode) {
        this(device, devicesPerNode, StoredScores.NONE);
    }

    /// What steps cost on one of the devices.
    public Roofline roofline() {
        return new Roofline(device, scores);
    }

    /// The most of these ranks that share a node.
    int inOneNode(List<Integer> ranks) {
        int most = 0;
        int run = 0;
        int node = -1;
        for (int rank : ranks.stream().sorted().toList()) {
            run = rank / devicesPerNode == node ? run + 1 : 1;
            node = rank / devicesPerNode;
            most = Math.max(most, run);
        }
        return most;
    }
}
