package dev.partita.runtime.execute;

import dev.partita.compiler.plan.Binding;
import dev.partita.compiler.plan.ExecutionPlan;
import dev.partita.compiler.plan.Program;
import dev.partita.runtime.state.NamedBlock;
import dev.partita.runtime.state.NamedBlock.Role;
import java.util.ArrayList;
import java.util.List;

/// What each device of a plan keeps from step to step, where it lies in its memory.
final class HeldBlocks {
    private HeldBlocks() {}

    /// Per device, the blocks of parameters and states in the order of its program.
    static List<List<NamedBlock>> of(ExecutionPlan plan, List<DeviceWorker> workers) {
        List<List<NamedBlock>> devices = new ArrayList<>();
        for (int rank = 0; rank < plan.devices(); rank++) {
            List<NamedBlock> blocks = new ArrayList<>();
            for (Binding binding : plan.program(rank).bindings()) {
                switch (binding) {
                    case Binding.Parameter(String name, int slot, _) ->
                            blocks.add(block(plan, workers, rank, name, Role.PARAMETER, slot));
                    case Binding.State(String name, int slot, double _) ->
                            blocks.add(block(plan, workers, rank, name, Role.STATE, slot));
                    case Binding.Input _, Binding.Output _ -> {}
                }
            }
            devices.add(blocks);
        }
        return devices;
    }

    private static NamedBlock block(
            ExecutionPlan plan,
            List<DeviceWorker> workers,
            int rank,
            String name,
            Role role,
            int slot) {
        Program program = plan.program(rank);
        if (program.slot(slot).placement().isPartial()) {
            throw new IllegalStateException(name + " is kept as a sum that is not complete");
        }
        return new NamedBlock(name, role, workers.get(rank).buffer(slot));
    }
}
