package dev.partita.compiler.plan;

import dev.partita.dsl.graph.Reshard;
import java.util.List;
import java.util.stream.IntStream;

/// What there is to say about a plan, as data for any renderer: names and units are those of its
/// JSON form.
///
/// @param steps number of steps of the device that has most
/// @param collectives those that device 0 takes part in, in the order in which they start
/// @param peakBytesPerDevice for each rank the size of its arena
/// @param memoryBytes what the memory of the fullest device is for
public record PlanDescription(
        String model,
        String mesh,
        int devices,
        int steps,
        List<CollectiveDescription> collectives,
        List<Long> peakBytesPerDevice,
        MemoryBytes memoryBytes) {
    public PlanDescription {
        collectives = List.copyOf(collectives);
        peakBytesPerDevice = List.copyOf(peakBytesPerDevice);
    }

    /// One collective.
    ///
    /// @param kind `all-reduce`, `all-gather`, `reduce-scatter`, `all-to-all` or `rotate`
    /// @param axis names of its axes, joined by ` x `
    /// @param bytes size of what each device brings
    /// @param because why the compiler inserted it
    /// @param source the user's line, or empty
    public record CollectiveDescription(
            String kind, String axis, long bytes, String because, String source) {}

    /// Describes a plan.
    public static PlanDescription of(ExecutionPlan plan) {
        Program program = plan.program(0);
        return new PlanDescription(
                plan.model(),
                plan.mesh().toString(),
                plan.devices(),
                plan.programs().stream().mapToInt(p -> p.steps().size()).max().orElse(0),
                program.collectives().map(start -> describe(program, start)).toList(),
                IntStream.range(0, plan.devices())
                        .mapToObj(rank -> plan.program(rank).arenaBytes())
                        .toList(),
                plan.memoryBytes());
    }

    static CollectiveDescription describe(Program program, Step.Start start) {
        String kind =
                switch (start.op()) {
                    case Reshard.AllReduce _ -> "all-reduce";
                    case Reshard.AllGather _ -> "all-gather";
                    case Reshard.ReduceScatter _ -> "reduce-scatter";
                    case Reshard.AllToAll _ -> "all-to-all";
                    case Reshard.Rotate _ -> "rotate";
                };
        String axis = String.join(" x ", start.op().axes().stream().map(a -> a.name()).toList());
        long bytes = start.sources().stream().mapToLong(s -> program.slot(s).type().bytes()).sum();
        return new CollectiveDescription(
                kind, axis, bytes, start.note().because(), start.note().origin().toString());
    }
}
