package dev.partita.compiler.schedule;

import dev.partita.compiler.partition.LocalGraph;
import dev.partita.dsl.graph.Node;
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

/// Gives every device its part of the sequence: what is computed on values that live with it, and
/// of each collective what it brings and what it gets.
///
/// All parts keep one order. So a device that waits at some place of it waits only for what others
/// do at earlier or the same places: no two can wait for each other.
public final class SplitRoles {
    private final DeviceSequence all;
    private final LocalGraph local;
    private final Role role;
    private final int rank;
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
                roles(all.local()).stream()
                        .map(role -> new SplitRoles(all, role).split())
                        .toList());
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
                        actions.add(action);
                    }
                }
                case Action.Start start -> {
                    Action.Start part = part(start);
                    if (!part.reads().isEmpty() || !part.writes().isEmpty()) {
                        started.put(part.tag(), part);
                        actions.add(part);
                        keep(part);
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
                        outputs.put(name, value);
                    }
                });
        return new DeviceSequence(local, role, withoutUnread(outputs), outputs);
    }

    /// What a member brings of a collective, and gets.
    private Action.Start part(Action.Start start) {
        Reshard.Collective op = collective(start);
        int member = local.mesh().coordinate(rank, op.axes().stream().map(Axis::name).toList());
        boolean gives = op.gives(member);
        boolean takes = op.takes(member);
        return new Action.Start(
                start.node(),
                start.tag(),
                start.reads().stream().filter(v -> gives && local.isHeldBy(v, rank)).toList(),
                start.writes().stream().filter(v -> takes && local.isHeldBy(v, rank)).toList());
    }

    private static Reshard.Collective collective(Action.Start start) {
        if (start.node().op() instanceof Reshard.Collective op) {
            return op;
        }
        throw new IllegalArgumentException("no collective: " + start);
    }

    /// What others get from the root of a broadcast is what it has: under another name, in the same
    /// place.
    private void keep(Action.Start part) {
        if (part.node().op() instanceof Reshard.Broadcast && part.writes().isEmpty()) {
            for (int i = 0; i < part.reads().size(); i++) {
                Value operand = part.node().operands().get(i);
                Value result = part.node().results().get(i);
                var op =
                        new Reshard.Relocate(
                                local.block(operand).placement().at(),
                                local.block(result).placement().at());
                actions.add(
                        new Action.Run(
                                new Node(
                                        op,
                                        List.of(operand),
                                        List.of(result),
                                        part.node().layer(),
                                        part.node().origin())));
            }
        }
    }

    /// The same without what only others read: a device is not fed that, and does not compute it.
    private List<Action> withoutUnread(Map<String, Value> outputs) {
        Set<Value> readSomewhere = new HashSet<>(all.outputs().values());
        all.actions().forEach(action -> readSomewhere.addAll(action.reads()));
        Set<Value> read = new HashSet<>(outputs.values());
        List<Action> kept = new ArrayList<>();
        for (Action action : actions.reversed()) {
            boolean run = action instanceof Action.Run;
            boolean unread = action.writes().stream().noneMatch(read::contains);
            if (!run || !unread || action.writes().stream().noneMatch(readSomewhere::contains)) {
                read.addAll(action.reads());
                kept.add(action);
            }
        }
        return kept.reversed();
    }
}
