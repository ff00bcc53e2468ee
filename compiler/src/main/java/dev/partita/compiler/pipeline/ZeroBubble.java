package dev.partita.compiler.pipeline;

import java.util.ArrayList;
import java.util.List;

/// 1F1B whose backward is split: the gradients of inputs go on at once, those of weights fill what
/// would be a bubble (Zero Bubble Pipeline Parallelism, Qi et al. 2023, section 2).
///
/// [#H1] keeps no more micro-batches than 1F1B does on its first device: device `d` puts the
/// gradients of weights off by `d` micro-batches, and the bubble is `(p - 1)(F + B - W)`. [#H2]
/// starts `2(p - d) - 1` forwards and puts them off by `2d`; its bubble is `(p - 1)(F + B - 2W)`,
/// none where all three take equally long.
///
/// @param depth how many times the micro-batches of 1F1B are kept
public record ZeroBubble(int depth) implements ScheduleStyle {
    /// With the memory of 1F1B.
    public static final ZeroBubble H1 = new ZeroBubble(1);

    /// With about twice the memory of 1F1B.
    public static final ZeroBubble H2 = new ZeroBubble(2);

    @Override
    public String name() {
        return "zb-h" + depth;
    }

    @Override
    public int chunks() {
        return 1;
    }

    @Override
    public List<PipelineAction> order(int device, int devices, int microBatches, int chunks) {
        int ahead = Math.min(microBatches, depth * (devices - 1 - device));
        int late = depth * device;
        List<PipelineAction> actions = new ArrayList<>();
        for (int i = 0; i < ahead; i++) {
            actions.add(PipelineAction.forward(device, i));
        }
        for (int i = 0; i < microBatches; i++) {
            if (ahead + i < microBatches) {
                actions.add(PipelineAction.forward(device, ahead + i));
            }
            actions.add(PipelineAction.backward(device, i));
            if (i >= late) {
                actions.add(PipelineAction.weights(device, i - late));
            }
        }
        for (int i = Math.max(0, microBatches - late); i < microBatches; i++) {
            actions.add(PipelineAction.weights(device, i));
        }
        return actions;
    }
}
