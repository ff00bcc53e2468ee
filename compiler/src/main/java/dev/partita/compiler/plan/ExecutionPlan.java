package dev.partita.compiler.plan;

import dev.partita.dsl.graph.Printed;
import dev.partita.dsl.graph.Reshard;
import dev.partita.dsl.mesh.Axis;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.mesh.Role;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;

/// What every device of a mesh does, as pure data. The runtime runs it, the verifier proves it, the
/// printer shows it; none of them reads anything else. Devices that do the same share one program.
///
/// @param programs the distinct programs
/// @param programOf for each rank, the index of its program
public record ExecutionPlan(
        String model, Mesh mesh, List<Program> programs, List<Integer> programOf)
        implements Printed {
    public ExecutionPlan {
        programs = List.copyOf(programs);
        programOf = List.copyOf(programOf);
    }

    public int devices() {
        return mesh.devices();
    }

    /// The program of device `rank`.
    public Program program(int rank) {
        return programs.get(programOf.get(rank));
    }

    /// Memory that the fullest device needs.
    public long peakBytes() {
        return fullest().arenaBytes();
    }

    /// The program that needs most memory, the first of equals.
    Program fullest() {
        return programs.stream()
                .reduce((a, b) -> b.arenaBytes() > a.arenaBytes() ? b : a)
                .orElseThrow();
    }

    /// Memory that each device needs, by rank.
    public List<Long> peakBytesPerDevice() {
        return programOf.stream().map(program -> programs.get(program).arenaBytes()).toList();
    }

    /// The ranks of the group of `collective` that `rank` is in, in the order of their blocks; all
    /// that differ only along its axes, whether they have a part in it or not.
    public List<Integer> group(int rank, Reshard.Collective collective) {
        return mesh.group(rank, names(collective));
    }

    /// Those of [#group] that bring or get something.
    public List<Integer> participants(int rank, Reshard.Collective collective) {
        List<Integer> group = group(rank, collective);
        return IntStream.range(0, group.size())
                .filter(member -> collective.gives(member) || collective.takes(member))
                .mapToObj(group::get)
                .toList();
    }

    /// The position of `rank` in its group of `collective`.
    public int member(int rank, Reshard.Collective collective) {
        return mesh.coordinate(rank, names(collective));
    }

    /// The first rank of [#group].
    public int leader(int rank, Reshard.Collective collective) {
        return mesh.leader(rank, names(collective));
    }

    private static List<String> names(Reshard.Collective collective) {
        return collective.axes().stream().map(Axis::name).toList();
    }

    /// The devices that run a program.
    public Role role(int program) {
        return new Role(
                mesh,
                IntStream.range(0, devices())
                        .filter(rank -> programOf.get(rank) == program)
                        .boxed()
                        .toList());
    }

    /// Every collective once, in the order in which they start: of those that several programs have
    /// a part in, the part of the first.
    public List<PlannedCollective> collectives() {
        Map<Integer, PlannedCollective> byTag = new TreeMap<>();
        for (Program program : programs) {
            program.collectives()
                    .forEach(start ->
                            byTag.putIfAbsent(start.tag(), new PlannedCollective(program, start)));
        }
        return List.copyOf(byTag.values());
    }

    /// A collective as one program starts it.
    public record PlannedCollective(Program program, Step.Start start) {
        /// Size of what a device brings; of what it gets, where it brings nothing.
        public long bytes() {
            List<Integer> moved = start.sources().isEmpty() ? start.targets() : start.sources();
            return moved.stream().mapToLong(slot -> program.slot(slot).type().bytes()).sum();
        }
    }

    /// What the memory of the fullest device is for.
    public MemoryBytes memoryBytes() {
        return MemoryBytes.of(this);
    }

    /// Every binding and step as text.
    @Override
    public String print() {
        return PlanPrinter.print(this);
    }

    @Override
    public String toString() {
        return "plan %s: %d devices, %d steps, %d collectives"
                .formatted(
                        model,
                        devices(),
                        programs.stream().mapToInt(p -> p.steps().size()).max().orElse(0),
                        collectives().size());
    }
}
