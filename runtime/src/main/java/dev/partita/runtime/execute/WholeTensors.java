package dev.partita.runtime.execute;

import dev.partita.compiler.plan.ExecutionPlan;
import dev.partita.compiler.plan.Slot;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.kernels.Buffer;
import dev.partita.runtime.collective.BlockCopy;
import dev.partita.runtime.collective.Part;
import dev.partita.runtime.execute.NamedSlots.Holder;
import dev.partita.runtime.execute.NamedSlots.Holding;
import dev.partita.runtime.state.Elements;
import dev.partita.runtime.state.HostTensor;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// Puts whole tensors together from the devices' blocks, and hands them out again. All devices are
/// idle meanwhile.
final class WholeTensors {
    private final ExecutionPlan plan;
    private final List<DeviceWorker> workers;

    WholeTensors(ExecutionPlan plan, List<DeviceWorker> workers) {
        this.plan = plan;
        this.workers = workers;
    }

    /// The whole tensor of these blocks; where it is partial, the sum of its summands in rank
    /// order.
    HostTensor gather(Holding holding) {
        HostTensor whole = HostTensor.zeros(holding.slot().whole());
        for (Buffer block : blocks(holding)) {
            if (holding.slot().placement().isPartial()) {
                add(block, whole);
            } else {
                new BlockCopy(Part.whole(block.type()), Part.at(block.region(), block.type()))
                        .copy(block.memory(), whole.memory());
            }
        }
        return whole;
    }

    /// The largest difference of an element of a tensor from `expected`, on any device that holds
    /// it: replicas that have parted from each other are found.
    double largestDifference(Holding holding, HostTensor expected) {
        if (holding.slot().placement().isPartial()) {
            HostTensor whole = gather(holding);
            return largestDifference(Buffer.whole(whole.type(), whole.memory()), expected);
        }
        double largest = 0;
        for (Holder holder : holding.holders()) {
            largest = Math.max(largest, largestDifference(buffer(holder), expected));
        }
        return largest;
    }

    private static double largestDifference(Buffer block, HostTensor expected) {
        var largest = new double[1];
        block.region()
                .forEachRow(
                        block.type().shape(),
                        (global, local, length) -> {
                            for (long i = 0; i < length; i++) {
                                double found =
                                        Elements.get(
                                                block.type().dtype(), block.memory(), local + i);
                                double difference = Math.abs(found - expected.get(global + i));
                                largest[0] = Math.max(largest[0], difference);
                            }
                        });
        return largest[0];
    }

    /// The different blocks of a tensor, in rank order; the first of those that several devices
    /// hold.
    List<Buffer> blocks(Holding holding) {
        Set<List<Integer>> seen = new HashSet<>();
        return holding.holders().stream()
                .filter(holder -> seen.add(part(holding.slot(), holder.rank())))
                .map(this::buffer)
                .toList();
    }

    private Buffer buffer(Holder holder) {
        return workers.get(holder.rank()).buffer(holder.slot());
    }

    /// What tells a device's block from the others': its coordinates along the axes that shard the
    /// tensor or leave its sum pending.
    private List<Integer> part(Slot slot, int rank) {
        return plan.mesh().axisNames().stream()
                .filter(axis ->
                        slot.placement().shards(axis) || slot.placement().partial().contains(axis))
                .map(axis -> plan.mesh().coordinate(rank, axis))
                .toList();
    }

    private static void add(Buffer block, HostTensor whole) {
        block.region()
                .forEachRow(
                        block.type().shape(),
                        (global, local, length) -> {
                            for (long i = 0; i < length; i++) {
                                double summand =
                                        Elements.get(
                                                block.type().dtype(), block.memory(), local + i);
                                whole.set(global + i, whole.get(global + i) + summand);
                            }
                        });
    }

    /// Gives every device that holds a block its block of `whole`.
    void scatter(Holding holding, HostTensor whole, String name) {
        Slot described = holding.slot();
        if (!whole.type().dtype().equals(described.type().dtype())
                || !whole.type().shape().sameSizes(described.whole().shape())) {
            throw Problem.of(ProblemCode.SHAPE_MISMATCH, "The tensor is not what the plan holds.")
                    .fact("name", name)
                    .fact("plan", described.whole())
                    .fact("given", whole.type())
                    .fix("write a tensor of the plan's type")
                    .exception();
        }
        for (Holder holder : holding.holders()) {
            Buffer block = buffer(holder);
            new BlockCopy(Part.at(block.region(), block.type()), Part.whole(block.type()))
                    .copy(whole.memory(), block.memory());
        }
    }
}
