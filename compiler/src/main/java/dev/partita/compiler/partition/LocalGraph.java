package dev.partita.compiler.partition;

import dev.partita.compiler.plan.MemoryUse;
import dev.partita.dsl.graph.Graph;
import dev.partita.dsl.graph.GraphPrinter;
import dev.partita.dsl.graph.Node;
import dev.partita.dsl.graph.Printed;
import dev.partita.dsl.graph.Value;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.mesh.Placement;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;

/// The program of all devices, with the collectives in it: each does the nodes whose values live
/// with it. Its types are those of a device's blocks.
///
/// @param blocks for each local value, which global value it is a block of and how that lies
/// @param reasons for each value that a reshard defines or that is computed again, why
public record LocalGraph(
        Graph graph, Mesh mesh, Map<Value, Block> blocks, Map<Value, String> reasons)
        implements Printed {
    /// A block of the global value `whole`, and what a device holds it for.
    public record Block(Value whole, Placement placement, MemoryUse use) {}

    public LocalGraph {
        blocks = Collections.unmodifiableMap(new HashMap<>(blocks));
        reasons = Collections.unmodifiableMap(new HashMap<>(reasons));
    }

    public Block block(Value local) {
        Block block = blocks.get(local);
        if (block == null) {
            throw new IllegalArgumentException("no block for " + local);
        }
        return block;
    }

    /// True if device `rank` is among those that hold a value.
    public boolean isHeldBy(Value local, int rank) {
        return block(local).placement().isHeldBy(mesh, rank);
    }

    /// True if device `rank` is among those that compute a node.
    public boolean isComputedBy(Node node, int rank) {
        return Stream.concat(node.operands().stream(), node.results().stream())
                .allMatch(value -> isHeldBy(value, rank));
    }

    /// The same program after a rewrite that keeps its values.
    public LocalGraph with(Graph rewritten) {
        return new LocalGraph(rewritten, mesh, blocks, reasons);
    }

    @Override
    public String print() {
        var text = new StringBuilder(GraphPrinter.print(graph));
        reasons.forEach((value, why) -> {
            int line = text.indexOf("  " + value + " = ");
            if (line >= 0) {
                int end = text.indexOf("\n", line);
                text.insert(end, "; " + why);
            }
        });
        return text.toString();
    }
}
