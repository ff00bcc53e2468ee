package dev.partita.compiler.pipeline;

import java.util.ArrayList;
import java.util.List;

/// Layer placement: one micro-batch goes through all stages and back before the next begins, so one
/// device works at a time. The degenerate pipeline, and the least memory.
public record Sequential() implements ScheduleStyle {
    @Override
    public String name() {
        return "sequential";
    }

    @Override
    public int chunks() {
        return 1;
    }

    @Override
    public List<PipelineAction> order(int device, int devices, int microBatches, int chunks) {
        List<PipelineAction> actions = new ArrayList<>();
        for (int i = 0; i < microBatches; i++) {
            actions.add(PipelineAction.forward(device, i));
            actions.add(PipelineAction.backward(device, i));
        }
        return actions;
    }
}
