package dev.partita.compiler.pipeline;

import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import java.util.List;

/// The V-shaped half of DualPipe (DeepSeek-V3 technical report, 2024, section 3.2.1; the cut in
/// half is DualPipeV): a forward and a backward of different micro-batches stand side by side in
/// the main part, so that the communication of one may hide behind the other. They are written one
/// after the other here.
public record DualPipeV() implements ScheduleStyle {
    @Override
    public String name() {
        return "dualpipe-v";
    }

    @Override
    public int chunks() {
        return 2;
    }

    @Override
    public List<PipelineAction> order(int device, int devices, int microBatches, int chunks) {
        if (microBatches < 2 * devices) {
            throw Problem.of(
                            ProblemCode.INVALID_ARGUMENT,
                            "DualPipeV needs two micro-batches per device.")
                    .fact("micro-batches", microBatches)
                    .fact("devices", devices)
                    .fix(2 * devices + " micro-batches or more, or zb-v, which takes any number")
                    .exception();
        }
        int behind = devices - 1 - device;
        var work = new ChunkCounter(device, devices, microBatches);
        for (int i = 0; i < 2 * behind; i++) {
            work.f(0);
        }
        for (int i = 0; i <= device; i++) {
            work.f(0).f(1);
        }
        for (int i = 0; i < behind; i++) {
            work.inputs(1).w().f(1);
        }
        for (int i = 0; i < microBatches - 2 * devices + device + 1; i++) {
            work.f(0).b(1).f(1).b(0);
        }
        for (int i = 0; i < behind; i++) {
            work.b(1).f(1).b(0);
        }
        drain(work, device);
        for (int i = 0; i < behind; i++) {
            work.w().inputs(0);
        }
        for (int i = 0; i <= device; i++) {
            work.w();
        }
        return work.actions();
    }

    /// The last backwards of both stages; the second half of them leaves the gradients of weights
    /// for the end.
    private static void drain(ChunkCounter work, int device) {
        boolean split = false;
        for (int i = 0; i <= device; i++) {
            boolean half = i == (device + 1) / 2;
            split |= half && device % 2 == 1;
            backward(work, 1, split);
            split |= half && device % 2 == 0;
            backward(work, 0, split);
        }
    }

    private static void backward(ChunkCounter work, int chunk, boolean split) {
        if (split) {
            work.inputs(chunk);
        } else {
            work.b(chunk);
        }
    }
}
