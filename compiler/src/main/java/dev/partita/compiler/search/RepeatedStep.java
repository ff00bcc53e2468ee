package dev.partita.compiler.search;

import dev.partita.compiler.Compilation;
import dev.partita.compiler.CompileOptions;
import dev.partita.compiler.Compiler;
import dev.partita.compiler.StageRequest;
import dev.partita.compiler.cost.ClusterSpec;
import dev.partita.compiler.pipeline.PipelineAction;
import dev.partita.compiler.pipeline.PipelineAction.Work;
import dev.partita.compiler.pipeline.PipelineSchedule;
import dev.partita.compiler.pipeline.ScheduleTimes;
import dev.partita.compiler.pipeline.ScheduleTimes.Timed;
import dev.partita.compiler.plan.ExecutionPlan;
import dev.partita.compiler.plan.MemoryBytes;
import dev.partita.compiler.plan.Step;
import dev.partita.compiler.plan.Timeline;
import dev.partita.compiler.simulate.Flops;
import dev.partita.compiler.simulate.SimulatedStep;
import dev.partita.compiler.simulate.SimulatedStep.ActionSpan;
import dev.partita.compiler.simulate.SimulatedStep.DeviceTimes;
import dev.partita.compiler.simulate.Simulator;
import dev.partita.compiler.simulate.Utilisation;
import dev.partita.dsl.graph.Reshard;
import dev.partita.dsl.layer.Model;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// A training step of many micro-batches, from the plan of two: what the second does, all others
/// do, in the order of the schedule. The plan has all stages and devices, so it is compiled and
/// verified as any; and the schedule is verified for all micro-batches. Together they say that no
/// device waits for ever: inside an action all devices of a stage communicate in one order, and
/// between stages things are sent as the schedule says.
///
/// Times are those of the actions in the simulated plan of two, put into the order of the schedule
/// event by event. A device's memory is that of the plan of two and what more micro-batches keep
/// between their forward and backward.
///
/// @param two the plan of two micro-batches
/// @param schedule of all
/// @param begin seconds before the first action
/// @param times for each device along the axis of the stages, what it does when, in seconds from
///   there
/// @param seconds of the step
/// @param bubble part of the time from its first to its last action in which a device does none, of
///   the device where that time is longest
/// @param roles what devices that do the same take
/// @param use of the devices
public record RepeatedStep(
        Compilation two,
        PipelineSchedule schedule,
        double begin,
        List<List<Timed>> times,
        double seconds,
        double bubble,
        List<RepeatedRole> roles,
        Utilisation use) {
    public RepeatedStep {
        times = times.stream().map(List::copyOf).toList();
        roles = List.copyOf(roles);
    }

    /// Compiles two micro-batches and repeats the second.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException for everything that is wrong with the
    ///   model, its placement or the schedule; `Unsupported` without stages
    public static RepeatedStep of(Model model, CompileOptions options, ClusterSpec cluster) {
        StageRequest request =
                options.stageRequest()
                        .orElseThrow(() ->
                                Problem.of(
                                                ProblemCode.UNSUPPORTED,
                                                "Only a model in stages is seen in two of its micro-batches.")
                                        .fact("micro-batches", options.microBatches())
                                        .fix("stages(4).schedule(\"1f1b\").over(\"pipe\")")
                                        .exception());
        PipelineSchedule schedule = request.schedule(options);
        Compilation two = Compiler.compile(model, request.ofTwo(options));
        SimulatedStep simulated = Simulator.run(two.plan(), cluster);
        Map<String, Double> seconds = new HashMap<>();
        double begin = Double.POSITIVE_INFINITY;
        double end = 0;
        for (DeviceTimes device : simulated.devices()) {
            for (ActionSpan span : device.actions()) {
                // devices of one stage that have programs of their own take as long as the slowest
                seconds.merge(span.action(), span.busy(), Math::max);
                begin = Math.min(begin, span.start());
                end = Math.max(end, span.end());
            }
        }
        Set<PipelineAction> split = schedule.inputBackwards();
        List<List<Timed>> times =
                ScheduleTimes.run(
                        schedule,
                        action ->
                                likeIn(action, split).stream()
                                        .mapToDouble(like -> seconds.getOrDefault(like, 0.0))
                                        .sum(),
                        transfer(simulated));
        double last = times.stream().mapToDouble(own -> own.getLast().end()).max().orElse(0);
        double whole = begin + last + simulated.seconds() - end;
        double steps = two.options().batch() / (double) options.batch();
        return new RepeatedStep(
                two,
                schedule,
                begin,
                times,
                whole,
                bubble(times),
                roles(two.plan(), schedule, request.axis()),
                Utilisation.of(
                        Flops.of(two.plan()).over(steps),
                        whole * two.plan().devices(),
                        cluster.device()));
    }

    /// The actions of the plan of two that do the same as an action. There, backward is in two
    /// parts if it is so for any micro-batch.
    private static List<String> likeIn(PipelineAction action, Set<PipelineAction> split) {
        int like = Math.min(1, action.microBatch());
        var one = new PipelineAction(action.stage(), action.work(), like);
        return action.work() == Work.B && !split.contains(action)
                ? List.of(one.toString(), PipelineAction.weights(action.stage(), like).toString())
                : List.of(one.toString());
    }

    /// How long what is sent from stage to stage is on its way.
    private static double transfer(SimulatedStep simulated) {
        return simulated.devices().stream()
                .flatMap(device -> device.spans().stream())
                .filter(span ->
                        span.step() instanceof Step.Start start
                                && start.op() instanceof Reshard.Send
                                && !start.note().action().isEmpty())
                .mapToDouble(SimulatedStep.Span::seconds)
                .min()
                .orElse(0);
    }

    /// The part of the time from its first to its last action in which a device does none, of the
    /// device where that time is longest.
    static double bubble(List<List<Timed>> times) {
        double cost = 0;
        double bubble = 0;
        for (List<Timed> own : times) {
            double whole = own.getLast().end() - own.getFirst().start();
            double busy = own.stream().mapToDouble(t -> t.end() - t.start()).sum();
            if (whole > cost) {
                cost = whole;
                bubble = (whole - busy) / whole;
            }
        }
        return bubble;
    }

    /// What devices that do the same take for all micro-batches of a schedule.
    ///
    /// @param two the plan of two
    /// @param axis along which the stages lie
    public static List<RepeatedRole> roles(
            ExecutionPlan two, PipelineSchedule schedule, String axis) {
        List<RepeatedRole> roles = new ArrayList<>();
        for (int program = 0; program < two.programs().size(); program++) {
            int device = two.mesh().coordinate(two.role(program).ranks().getFirst(), axis);
            roles.add(RepeatedRole.of(two, program, schedule.devices().get(device), schedule));
        }
        return roles;
    }

    /// The place along the axis of the stages of the devices that run a program of the plan of two.
    int placeOf(int program) {
        String axis = two.options().stageRequest().orElseThrow().axis();
        ExecutionPlan plan = two.plan();
        return plan.mesh().coordinate(plan.role(program).ranks().getFirst(), axis);
    }

    /// The same as it is drawn: a device of each role along the axis of the stages, an action a
    /// span.
    ///
    /// @param name of the timeline
    public Timeline timeline(String name) {
        return new RepeatedTimeline(this).draw(name);
    }

    /// The role whose device takes most memory.
    public RepeatedRole fullest() {
        return roles.stream()
                .reduce((a, b) -> b.memory().total() > a.memory().total() ? b : a)
                .orElseThrow();
    }

    /// Memory that the fullest device needs.
    public long peakBytes() {
        return fullest().memory().total();
    }

    /// What the memory of the fullest device is for.
    public MemoryBytes memoryBytes() {
        return fullest().memory();
    }
}
