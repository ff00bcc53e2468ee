package dev.partita.runtime.execute;

import dev.partita.compiler.plan.Activity;
import dev.partita.compiler.plan.ExecutionPlan;
import dev.partita.compiler.plan.Program;
import dev.partita.compiler.plan.Step;
import dev.partita.compiler.plan.Timeline;
import dev.partita.compiler.plan.Timeline.Device;
import dev.partita.compiler.plan.Timeline.Memory;
import dev.partita.compiler.plan.Timeline.Span;
import dev.partita.dsl.graph.Reshard;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// A timeline out of the clocks of a step that was run. Where a device waits for a collective, the
/// waiting is drawn before the copying and summing that it does itself.
final class MeasuredTimeline {
    private static final double NANOS = 1e9;

    private final ExecutionPlan plan;
    private final List<StepClock> clocks;
    private final long begin;

    private MeasuredTimeline(ExecutionPlan plan, List<StepClock> clocks) {
        this.plan = plan;
        this.clocks = clocks;
        begin = clocks.stream().mapToLong(clock -> clock.start(0)).min().orElse(0);
    }

    /// @param clocks of each device, in rank order
    static Timeline of(ExecutionPlan plan, List<StepClock> clocks) {
        return new MeasuredTimeline(plan, clocks).draw();
    }

    private Timeline draw() {
        List<Device> devices = new ArrayList<>();
        double seconds = 0;
        for (int rank = 0; rank < plan.devices(); rank++) {
            devices.add(device(rank));
            int steps = plan.program(rank).steps().size();
            seconds = Math.max(seconds, seconds(clocks.get(rank).start(steps)));
        }
        return new Timeline("measured", seconds, devices);
    }

    private double seconds(long nanos) {
        return (nanos - begin) / NANOS;
    }

    private Device device(int rank) {
        Program program = plan.program(rank);
        StepClock clock = clocks.get(rank);
        List<Activity> activities = Activity.of(program);
        Map<Integer, Reshard.Collective> started = new HashMap<>();
        List<Span> spans = new ArrayList<>();
        for (Step step : program.steps()) {
            int i = step.id();
            Activity activity = activities.get(i);
            double start = seconds(clock.start(i));
            double end = seconds(clock.end(i));
            switch (step) {
                case Step.Compute compute -> {
                    if (!compute.isView()) {
                        spans.add(new Span(Timeline.COMPUTE, activity, start, end));
                    }
                }
                case Step.Start begun -> started.put(begun.tag(), begun.op());
                case Step.Finish finish -> {
                    Reshard.Collective op = started.get(finish.tag());
                    double ready = start + clock.waited(i) / NANOS;
                    if (op != null && ready > start) {
                        boolean sent = op instanceof Reshard.Send;
                        String stream = sent ? Timeline.WAIT_FOR_STAGE : Timeline.WAIT;
                        spans.add(new Span(stream, activity, start, ready));
                    }
                    if (op != null) {
                        spans.add(new Span(Timeline.stream(op), activity, ready, end));
                    }
                }
                case Step.RequireFinite _ -> {}
            }
        }
        return new Device(
                "rank " + rank,
                rank,
                1,
                spans,
                Memory.of(program, step -> seconds(clock.start(step))));
    }
}
