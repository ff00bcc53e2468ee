package dev.partita.compiler.pipeline;

import java.util.ArrayList;
import java.util.List;

/// One forward, one backward (1F1B; PipeDream-Flush, Narayanan et al. 2021, "Memory-Efficient
/// Pipeline-Parallel DNN Training", section 2.2): device `d` of `p` keeps the activations of at
/// most `p - d` micro-batches.
public record OneForwardOneBackward() implements ScheduleStyle {
    @Override
    public String name() {
        return "1f1b";
    }

    @Override
    public int chunks() {
        return 1;
    }

    @Override
    public List<PipelineAction> order(int device, int devices, int microBatches, int chunks) {
        int ahead = Math.min(microBatches, devices - 1 - device);
        List<PipelineAction> actions = new ArrayList<>();
        for (int i = 0; i < ahead; i++) {
            actions.add(PipelineAction.forward(device, i));
        }
        for (int i = 0; i < microBatches; i++) {
            if (ahead + i < microBatches) {
                actions.add(PipelineAction.forward(device, ahead + i));
            }
            actions.add(PipelineAction.backward(device, i));
        }
        return actions;
    }
}
