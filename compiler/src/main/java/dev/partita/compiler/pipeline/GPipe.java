package dev.partita.compiler.pipeline;

import java.util.ArrayList;
import java.util.List;

/// All forwards, then all backwards (GPipe, Huang et al. 2019, section 2.3): simple, and every
/// micro-batch's activations are kept at once.
public record GPipe() implements ScheduleStyle {
    @Override
    public String name() {
        return "gpipe";
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
        }
        for (int i = 0; i < microBatches; i++) {
            actions.add(PipelineAction.backward(device, i));
        }
        return actions;
    }
}
