package dev.partita.shell.bench;

import dev.partita.compiler.cost.DeviceSpec;
import dev.partita.compiler.cost.Efficiency;
import dev.partita.compiler.cost.Roofline;
import dev.partita.compiler.cost.StoredScores;
import dev.partita.compiler.plan.Arithmetic;
import dev.partita.compiler.plan.ExecutionPlan;
import dev.partita.compiler.plan.Program;
import dev.partita.compiler.plan.Step;
import dev.partita.compiler.plan.Timeline;
import dev.partita.compiler.plan.Timeline.Span;
import dev.partita.dsl.graph.AttentionOp;
import dev.partita.dsl.graph.Wide;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Fits what part of its peaks a device reaches to the times of a step's ops: so that contractions,
/// attention, and all other ops take together what they were measured to take. How contractions of
/// short sums fall behind those of long ones is the curve that is closest to each of them.
final class StepFit {
    private static final double[] FILLS = {0, 16, 32, 64, 128, 256, 512};

    private final Program program;
    private final DeviceSpec bare;
    private final double start;
    private final Map<Step.Compute, Double> seconds = new HashMap<>();

    private StepFit(ExecutionPlan plan, List<Timeline> recorded, DeviceSpec bare, double start) {
        program = plan.program(0);
        this.bare = bare;
        this.start = start;
        Map<Integer, List<Double>> times = new HashMap<>();
        for (Timeline timeline : recorded) {
            for (Span span : timeline.devices().getFirst().spans()) {
                times.computeIfAbsent(span.activity().step(), _ -> new ArrayList<>())
                        .add(span.seconds());
            }
        }
        for (Step step : program.steps()) {
            if (step instanceof Step.Compute compute && times.containsKey(step.id())) {
                seconds.put(compute, Calibration.median(times.get(step.id())));
            }
        }
    }

    /// The parts that a device reaches.
    ///
    /// @param recorded the step, several times
    /// @param bare the device, with nothing but peaks
    /// @param start seconds that the smallest op takes
    static Efficiency of(
            ExecutionPlan plan, List<Timeline> recorded, DeviceSpec bare, double start) {
        return new StepFit(plan, recorded, bare, start).fit();
    }

    private Efficiency fit() {
        double memory = reached(others(), with(0, 1));
        double attention = reached(attentions(), with(0, 1));
        double closest = Double.POSITIVE_INFINITY;
        var best = new Efficiency(1, 1, 0, attention, 0, memory, start);
        for (double fill : FILLS) {
            double contraction = reached(contractions(), with(fill, 1));
            double error = error(with(fill, contraction));
            if (error < closest) {
                closest = error;
                best = new Efficiency(contraction, 1, fill, attention, 0, memory, start);
            }
        }
        return best;
    }

    private Efficiency with(double fill, double contraction) {
        return new Efficiency(contraction, 1, fill, 1, 0, 1, 0);
    }

    /// What these steps would take at the peak, of what they took.
    private double reached(List<Step.Compute> steps, Efficiency efficiency) {
        double ideal = 0;
        double took = 0;
        for (Step.Compute step : steps) {
            ideal += ideal(step, efficiency);
            took += Math.max(0, measured(step) - start);
        }
        return took == 0 ? 1 : Math.min(1, ideal / took);
    }

    /// How far contractions are from the curve, the longest counting most.
    private double error(Efficiency efficiency) {
        double error = 0;
        for (Step.Compute step : contractions()) {
            error += Math.abs(start + ideal(step, efficiency) - measured(step));
        }
        return error;
    }

    private double ideal(Step.Compute step, Efficiency efficiency) {
        return new Roofline(bare.with(efficiency), StoredScores.NONE).seconds(program, step);
    }

    private double measured(Step.Compute step) {
        return seconds.getOrDefault(step, 0.0);
    }

    private List<Step.Compute> attentions() {
        return seconds.keySet().stream().filter(StepFit::isAttention).toList();
    }

    private List<Step.Compute> contractions() {
        return seconds.keySet().stream()
                .filter(step -> Arithmetic.of(program, step) > 0 && !isAttention(step))
                .toList();
    }

    private List<Step.Compute> others() {
        return seconds.keySet().stream().filter(step -> Arithmetic.of(program, step) == 0).toList();
    }

    private static boolean isAttention(Step.Compute step) {
        return Wide.inside(step.op()) instanceof AttentionOp;
    }
}
