package dev.partita.compiler.pipeline;

import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// 1F1B with several stages per device, `p` apart, so that the pipeline fills in smaller pieces
/// (Narayanan et al. 2021, "Efficient Large-Scale Language Model Training on GPU Clusters", section
/// 2.2.2). Micro-batches go round in groups of equal size: as many as devices, or the next size
/// that divides them.
public record Interleaved() implements ScheduleStyle {
    @Override
    public String name() {
        return "interleaved";
    }

    @Override
    public int chunks() {
        return 0;
    }

    @Override
    public List<PipelineAction> order(int device, int devices, int microBatches, int chunks) {
        int group = group(devices, microBatches);
        return new Round(device, devices, chunks, group, microBatches * chunks).actions();
    }

    private static int group(int devices, int microBatches) {
        int rounds = Math.max(1, microBatches / devices);
        if (microBatches % rounds != 0) {
            throw Problem.of(
                            ProblemCode.INVALID_ARGUMENT,
                            "The micro-batches do not make groups of equal size for an interleaved schedule.")
                    .fact("micro-batches", microBatches)
                    .fact("devices", devices)
                    .fact("groups", rounds)
                    .fix("micro-batches: " + legal(devices, microBatches))
                    .exception();
        }
        return microBatches / rounds;
    }

    private static String legal(int devices, int microBatches) {
        return IntStream.rangeClosed(Math.max(1, microBatches - devices), microBatches + devices)
                .filter(m -> m % Math.max(1, m / devices) == 0)
                .mapToObj(Integer::toString)
                .collect(Collectors.joining(", "));
    }

    /// The work of one device, counted in passes through one of its stages.
    private record Round(int device, int devices, int chunks, int group, int passes) {
        List<PipelineAction> actions() {
            int ahead = Math.min(passes, (chunks - 1) * group + 2 * (devices - 1 - device));
            List<PipelineAction> actions = new ArrayList<>();
            for (int i = 0; i < ahead; i++) {
                actions.add(forward(i));
            }
            for (int i = 0; i < passes; i++) {
                if (ahead + i < passes) {
                    actions.add(forward(ahead + i));
                }
                actions.add(backward(i));
            }
            return actions;
        }

        private PipelineAction forward(int pass) {
            return PipelineAction.forward(stage(chunk(pass)), microBatch(pass));
        }

        private PipelineAction backward(int pass) {
            return PipelineAction.backward(stage(chunks - 1 - chunk(pass)), microBatch(pass));
        }

        private int chunk(int pass) {
            return pass / group % chunks;
        }

        private int stage(int chunk) {
            return chunk * devices + device;
        }

        private int microBatch(int pass) {
            return pass / (group * chunks) * group + pass % group;
        }
    }
}
