package dev.partita.compiler.sharding;

import dev.partita.dsl.graph.Node;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Value;
import dev.partita.dsl.layer.BatchNormalization;
import dev.partita.dsl.mesh.DimSharding;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.problem.ProblemException;
import dev.partita.dsl.tensor.Dim;
import java.util.List;
import java.util.stream.LongStream;

/// Groups of a batch that have statistics of their own lie whole on devices: else every device
/// would gather the examples of others to normalise its own, which is what such groups are to save.
final class WholeGroups {
    private WholeGroups() {}

    /// Checks every batch that is taken apart into groups.
    ///
    /// @throws ProblemException `IndivisibleDim`, with numbers of groups that lie whole
    static void require(ShardedGraph sharded) {
        for (Node node : sharded.training().graph().nodes()) {
            if (node.op() instanceof Op.Unflatten(int first, int _, var to)
                    && to.dim(first).name().equals(BatchNormalization.GROUP)) {
                require(sharded, node, to.dim(first));
            }
        }
    }

    private static void require(ShardedGraph sharded, Node node, Dim groups) {
        Value batch = node.operands().getFirst();
        DimSharding sharding = sharded.placement(batch).dim(0);
        long blocks = sharding.stretches(sharded.mesh());
        if (groups.size() % blocks == 0) {
            return;
        }
        long examples = batch.type().shape().size(0);
        long microBatches = microBatches(sharded);
        List<Long> legal =
                LongStream.rangeClosed(1, examples)
                        .filter(n -> n % blocks == 0 && examples % n == 0)
                        .map(n -> n * microBatches)
                        .boxed()
                        .toList();
        long channels = batch.type().shape().dims().getLast().size() * batch.type().dtype().bytes();
        throw Problem.of(
                        ProblemCode.INDIVISIBLE_DIM,
                        "Groups with statistics of their own would be cut between devices.")
                .fact("layer", node.layer())
                .fact("groups", groups.size() * microBatches)
                .fact("micro-batches", microBatches)
                .fact(
                        "the batch lies in",
                        blocks + " blocks over " + String.join(", ", sharding.axes()))
                .fact("legal groups", legal)
                .fact(
                        "statistics of the whole batch",
                        "2 sums of %,d bytes forward, 2 backward".formatted(channels))
                .fix(
                        "local(%d), or without local(...) statistics of the whole batch"
                                .formatted(blocks * microBatches))
                .at(node.origin())
                .exception();
    }

    private static long microBatches(ShardedGraph sharded) {
        return sharded.training()
                .graph()
                .nodesOf(Op.MicroBatch.class)
                .mapToLong(node -> ((Op.MicroBatch) node.op()).index() + 1)
                .max()
                .orElse(1);
    }
}
