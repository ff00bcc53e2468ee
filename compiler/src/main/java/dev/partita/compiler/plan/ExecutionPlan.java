package dev.partita.compiler.plan;

import dev.partita.dsl.graph.Printed;
import dev.partita.dsl.graph.Reshard;
import dev.partita.dsl.mesh.Axis;
import dev.partita.dsl.mesh.Mesh;
import java.util.List;

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
        return programs.stream().mapToLong(Program::arenaBytes).max().orElse(0);
    }

    /// Memory that each device needs, by rank.
    public List<Long> peakBytesPerDevice() {
        return programOf.stream().map(program -> programs.get(program).arenaBytes()).toList();
    }

    /// The ranks that take part in `collective` with `rank`, in the order of their blocks.
    public List<Integer> group(int rank, Reshard.Collective collective) {
        return mesh.group(rank, collective.axes().stream().map(Axis::name).toList());
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
                        program(0).steps().size(),
                        program(0).collectives().count());
    }
}
