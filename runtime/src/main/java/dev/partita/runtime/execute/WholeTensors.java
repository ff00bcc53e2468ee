package dev.partita.runtime.execute;

import dev.partita.compiler.plan.ExecutionPlan;
import dev.partita.compiler.plan.Slot;
import dev.partita.dsl.mesh.Axis;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.kernels.Buffer;
import dev.partita.runtime.collective.BlockCopy;
import dev.partita.runtime.collective.Part;
import dev.partita.runtime.state.Elements;
import dev.partita.runtime.state.HostTensor;
import java.util.List;
import java.util.stream.IntStream;

/// Puts whole tensors together from the devices' blocks, and hands them out again. All devices are
/// idle meanwhile.
final class WholeTensors {
    private final ExecutionPlan plan;
    private final List<DeviceWorker> workers;

    WholeTensors(ExecutionPlan plan, List<DeviceWorker> workers) {
        this.plan = plan;
        this.workers = workers;
    }

    /// The whole tensor whose blocks lie in `slot`; where it is partial, the sum of its summands in
    /// rank order.
    HostTensor gather(int slot) {
        Slot described = plan.program(0).slot(slot);
        HostTensor whole = HostTensor.zeros(described.whole());
        for (Buffer block : blocks(slot)) {
            if (described.placement().isPartial()) {
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
    double largestDifference(int slot, HostTensor expected) {
        if (plan.program(0).slot(slot).placement().isPartial()) {
            HostTensor whole = gather(slot);
            return largestDifference(Buffer.whole(whole.type(), whole.memory()), expected);
        }
        double largest = 0;
        for (DeviceWorker worker : workers) {
            largest = Math.max(largest, largestDifference(worker.buffer(slot), expected));
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

    /// The different blocks of a tensor, in rank order; one of those that several devices hold.
    List<Buffer> blocks(int slot) {
        Slot described = plan.program(0).slot(slot);
        return IntStream.range(0, workers.size())
                .filter(rank -> isFirstReplica(described, rank))
                .mapToObj(rank -> workers.get(rank).buffer(slot))
                .toList();
    }

    /// True for one of each set of devices that hold the same block.
    private boolean isFirstReplica(Slot slot, int rank) {
        for (Axis axis : plan.mesh().axes()) {
            boolean different =
                    slot.placement().shards(axis.name())
                            || slot.placement().partial().contains(axis.name());
            if (!different && plan.mesh().coordinate(rank, axis.name()) != 0) {
                return false;
            }
        }
        return true;
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

    /// Gives every device its block of `whole`.
    void scatter(int slot, HostTensor whole, String name) {
        Slot described = plan.program(0).slot(slot);
        if (!whole.type().dtype().equals(described.type().dtype())
                || !whole.type().shape().sameSizes(described.whole().shape())) {
            throw Problem.of(ProblemCode.SHAPE_MISMATCH, "The tensor is not what the plan holds.")
                    .fact("name", name)
                    .fact("plan", described.whole())
                    .fact("given", whole.type())
                    .fix("write a tensor of the plan's type")
                    .exception();
        }
        for (DeviceWorker worker : workers) {
            Buffer block = worker.buffer(slot);
            new BlockCopy(Part.at(block.region(), block.type()), Part.whole(block.type()))
                    .copy(whole.memory(), block.memory());
        }
    }
}
