package dev.partita.compiler.pipeline;

import java.util.List;

/// Two stages per device in the form of a V, backward split (Pipeline Parallelism with Controllable
/// Memory, Qi et al. 2024, section 4): no bubble where F, B and W take equally long, with the
/// memory of 1F1B on every device. The first and the last stage share a device.
public record ZeroBubbleV() implements ScheduleStyle {
    @Override
    public String name() {
        return "zb-v";
    }

    @Override
    public int chunks() {
        return 2;
    }

    @Override
    public List<PipelineAction> order(int device, int devices, int microBatches, int chunks) {
        // the order is that of enough micro-batches to fill the V; fewer leave some of it out
        int full = Math.max(microBatches, 2 * devices - 1);
        var work = new ChunkCounter(device, devices, microBatches);
        for (int i = 0; i < 2 * (devices - device) - 1; i++) {
            work.f(0);
        }
        for (int i = 0; i < device; i++) {
            work.f(1).f(0);
        }
        for (int i = 0; i < devices - device; i++) {
            work.f(1).inputs(1).w(1);
        }
        while (work.forwards(1) < work.forwards(0) || work.forwards(0) < full) {
            if (work.forwards(0) < full) {
                work.f(0);
            }
            work.inputs(0).w(0).f(1).inputs(1).w(1);
        }
        for (int i = 0; i < device; i++) {
            work.inputs(0).inputs(1);
        }
        for (int i = 0; i < devices - device; i++) {
            work.inputs(0).w(0);
        }
        while (work.owes(1)) {
            work.w(1);
        }
        while (work.owes(0)) {
            work.w(0);
        }
        return work.actions();
    }
}
