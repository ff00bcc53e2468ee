package dev.partita.compiler.schedule;

import dev.partita.compiler.partition.LocalGraph;
import dev.partita.dsl.graph.Node;
import dev.partita.dsl.graph.Reshard;
import dev.partita.dsl.graph.Value;
import dev.partita.dsl.mesh.Role;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Keeps the program's order, starts each collective where it stands and waits for it only before
/// its first reader: what is between runs while the collective does.
///
/// A sum that leaves less than it takes, a reduce-scatter or a reduce, is also waited for when the
/// next one starts. It holds more memory before it is finished than after, and its reader, the
/// optimizer, is far: else all whole gradients would pile up.
public final class Overlap {
    private Overlap() {}

    public static DeviceSequence run(LocalGraph local) {
        List<Action> actions = new ArrayList<>();
        Map<Value, Action.Start> pending = new HashMap<>();
        Action.@Nullable Start sum = null;
        int tag = 0;
        for (Node node : local.graph().nodes()) {
            for (Value operand : node.operands()) {
                finish(pending.get(operand), pending, actions);
            }
            if (node.op() instanceof Reshard.Collective) {
                var start = new Action.Start(node, tag++, node.operands(), node.results());
                if (node.op() instanceof Reshard.ReduceScatter
                        || node.op() instanceof Reshard.Reduce) {
                    finish(stillPending(sum, pending), pending, actions);
                    sum = start;
                }
                actions.add(start);
                node.results().forEach(r -> pending.put(r, start));
            } else {
                actions.add(new Action.Run(node));
            }
        }
        for (Value output : local.graph().outputs().values()) {
            finish(pending.get(output), pending, actions);
        }
        return new DeviceSequence(local, Role.all(local.mesh()), actions, local.graph().outputs());
    }

    private static Action.@Nullable Start stillPending(
            Action.@Nullable Start start, Map<Value, Action.Start> pending) {
        return start == null ? null : pending.get(start.node().results().getFirst());
    }

    private static void finish(
            Action.@Nullable Start start, Map<Value, Action.Start> pending, List<Action> actions) {
        if (start != null) {
            actions.add(start.finish());
            start.node().results().forEach(pending::remove);
        }
    }
}
