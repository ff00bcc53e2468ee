package dev.partita.compiler.schedule;

import dev.partita.compiler.partition.LocalGraph;
import dev.partita.dsl.graph.Node;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Reshard;
import dev.partita.dsl.graph.Value;
import dev.partita.dsl.mesh.Axis;
import dev.partita.dsl.mesh.Coordinate;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.mesh.Role;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Gives every device its part of the sequence: what is computed on values that live with it, and of
/// each collective what it brings and what it gets.
///
/// All parts keep one order. So a device that waits at some place of it waits only for what others
/// do at earlier or the same places: no two can wait for each other.
public final class SplitRoles {
    private final DeviceSequence all;
    private final LocalGraph local;
    private final Role role;
    private final int rank;
    private final Map<Value, Value> same = new HashMap<>();
    private final List<Action> actions = new ArrayList<>();

    private SplitRoles(DeviceSequence all, Role role) {
        this.all = all;
        this.local = all.local();
        this.role = role;
        this.rank = role.representative();
    }

    /// One sequence for each role that there is.
    public static RoleSequences run(DeviceSequence all) {
        return new RoleSequences(
                roles(all.local()).stream().map(role -> new SplitRoles(all, role).split()).toList());
    }

    /// Devices differ only by the coordinates at which some value lives alone.
    private static List<Role> roles(LocalGraph local) {
        Mesh mesh = local.mesh();
        Set<Coordinate> told = new HashSet<>();
        local.blocks().values().forEach(block -> told.addAll(block.placement().at()));
        Map<List<Coordinate>, List<Integer>> ranks = new LinkedHashMap<>();
        for (int rank = 0; rank < mesh.devices(); rank++) {
            List<Coordinate> own = new ArrayList<>();
            for (Axis axis : mesh.axes()) {
                own.add(new Coordinate(axis.name(), mesh.coordinate(rank, axis.name())));
            }
            own.retainAll(told);
            ranks.computeIfAbsent(own, _ -> new ArrayList<>()).add(rank);
        }
        return ranks.values().stream().map(each -> new Role(mesh, each)).toList();
    }

    private DeviceSequence split() {
        Map<Integer, Action.Start> started = new HashMap<>();
        for (Action action : all.actions()) {
            switch (action) {
                case Action.Run(Node node) -> {
                    if (local.isComputedBy(node, rank)) {
                        actions.add(new Action.Run(own(node)));
                    }
                }
                case Action.Start start -> {
                    Action.Start part = part(start);
                    if (!part.reads().isEmpty() || !part.writes().isEmpty()) {
                        started.put(part.tag(), part);
                        actions.add(part);
                    }
                }
                case Action.Finish finish -> {
                    Action.Start part = started.get(finish.tag());
                    if (part != null) {
                        actions.add(part.finish());
                    }
                }
            }
        }
        Map<String, Value> outputs = new LinkedHashMap<>();
        all.outputs()
                .forEach((name, value) -> {
                    if (local.isHeldBy(value, rank)) {
                        outputs.put(name, own(value));
                    }
                });
        dropUnread(outputs);
        return new DeviceSequence(local, role, actions, outputs);
    }

    /// What a member brings of a collective, and gets. The root of a broadcast gets nothing: what
    /// others get from it is what it has.
    private Action.Start part(Action.Start start) {
        if (!(start.node().op() instanceof Reshard.Collective op)) {
            throw new IllegalArgumentException("no collective: " + start);
        }
        int member =
                local.mesh().coordinate(rank, op.axes().stream().map(Axis::name).toList());
        List<Value> reads = new ArrayList<>();
        List<Value> writes = new ArrayList<>();
        for (int i = 0; i < start.reads().size(); i++) {
            Value operand = start.reads().get(i);
            Value result = start.writes().get(i);
            boolean gives = op.gives(member) && local.isHeldBy(operand, rank);
            boolean holds = local.isHeldBy(result, rank);
            if (gives) {
                reads.add(own(operand));
            }
            if (holds && op.takes(member)) {
                writes.add(result);
            } else if (holds && gives) {
                same.put(result, own(operand));
            }
        }
        return new Action.Start(start.node(), start.tag(), reads, writes);
    }

    private Value own(Value value) {
        return same.getOrDefault(value, value);
    }

    private Node own(Node node) {
        List<Value> operands = node.operands().stream().map(this::own).toList();
        return operands.equals(node.operands())
                ? node
                : new Node(node.op(), operands, node.results(), node.layer(), node.origin());
    }

    /// A device is not fed, and does not compute, what only others read.
    private void dropUnread(Map<String, Value> outputs) {
        Set<Value> readSomewhere = new HashSet<>(all.outputs().values());
        all.actions().forEach(action -> readSomewhere.addAll(action.reads()));
        Set<Value> read = new HashSet<>(outputs.values());
        for (Action action : List.copyOf(actions).reversed()) {
            boolean run = action instanceof Action.Run;
            boolean unread = action.writes().stream().noneMatch(read::contains);
            if (run && unread && action.writes().stream().anyMatch(readSomewhere::contains)) {
                actions.remove(action);
            } else {
                read.addAll(action.reads());
            }
        }
    }
}
