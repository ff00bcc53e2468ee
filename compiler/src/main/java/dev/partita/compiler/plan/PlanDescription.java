package dev.partita.compiler.plan;

import dev.partita.dsl.graph.Reshard;
import dev.partita.dsl.mesh.Role;
import java.util.List;
import java.util.stream.IntStream;

/// What there is to say about a plan, as data for any renderer: names and units are those of its
/// JSON form.
///
/// @param steps number of steps of the device that has most
/// @param collectives in the order in which they start
/// @param peakBytesPerDevice for each rank the size of its arena
/// @param memoryBytes what the memory of the fullest device is for
/// @param roles what devices that do the same do
public record PlanDescription(
        String model,
        String mesh,
        int devices,
        int steps,
        List<CollectiveDescription> collectives,
        List<Long> peakBytesPerDevice,
        MemoryBytes memoryBytes,
        List<RoleDescription> roles) {
    public PlanDescription {
        collectives = List.copyOf(collectives);
        peakBytesPerDevice = List.copyOf(peakBytesPerDevice);
        roles = List.copyOf(roles);
    }

    /// Devices that do the same.
    ///
    /// @param role their coordinates: `all`, or such as `data=0` and `data=1..3`
    /// @param devices how many they are
    /// @param sentBytes what one of them brings to collectives
    /// @param memoryBytes what the memory of one of them is for
    public record RoleDescription(
            String role, int devices, int steps, long sentBytes, MemoryBytes memoryBytes) {
        private static RoleDescription of(ExecutionPlan plan, int program) {
            Role role = plan.role(program);
            Program does = plan.programs().get(program);
            return new RoleDescription(
                    role.toString(),
                    role.ranks().size(),
                    does.steps().size(),
                    does.sentBytes(),
                    MemoryBytes.of(does));
        }
    }

    /// One collective.
    ///
    /// @param kind `all-reduce`, `all-gather`, `reduce-scatter`, `all-to-all`, `rotate`,
    ///   `broadcast`, `reduce`, `scatter`, `gather` or `send`
    /// @param axis names of its axes, joined by ` x `
    /// @param bytes size of what each device brings that brings something
    /// @param because why the compiler inserted it
    /// @param source the user's line, or empty
    public record CollectiveDescription(
            String kind, String axis, long bytes, String because, String source) {}

    /// Describes a plan.
    public static PlanDescription of(ExecutionPlan plan) {
        return new PlanDescription(
                plan.model(),
                plan.mesh().toString(),
                plan.devices(),
                plan.programs().stream().mapToInt(p -> p.steps().size()).max().orElse(0),
                plan.collectives().stream().map(PlanDescription::describe).toList(),
                plan.peakBytesPerDevice(),
                plan.memoryBytes(),
                IntStream.range(0, plan.programs().size())
                        .mapToObj(program -> RoleDescription.of(plan, program))
                        .toList());
    }

    private static CollectiveDescription describe(ExecutionPlan.PlannedCollective planned) {
        Step.Start start = planned.start();
        String kind =
                switch (start.op()) {
                    case Reshard.AllReduce _ -> "all-reduce";
                    case Reshard.AllGather _ -> "all-gather";
                    case Reshard.ReduceScatter _ -> "reduce-scatter";
                    case Reshard.AllToAll _ -> "all-to-all";
                    case Reshard.Rotate _ -> "rotate";
                    case Reshard.Broadcast _ -> "broadcast";
                    case Reshard.Reduce _ -> "reduce";
                    case Reshard.Scatter _ -> "scatter";
                    case Reshard.Gather _ -> "gather";
                    case Reshard.Send _ -> "send";
                };
        String axis = String.join(" x ", start.op().axes().stream().map(a -> a.name()).toList());
        return new CollectiveDescription(
                kind,
                axis,
                planned.bytes(),
                start.note().because(),
                start.note().origin().toString());
    }
}
