package dev.partita.compiler;

import dev.partita.compiler.pipeline.OneForwardOneBackward;
import dev.partita.compiler.pipeline.PipelineSchedule;
import dev.partita.compiler.pipeline.ScheduleStyle;
import dev.partita.compiler.pipeline.Schedules;
import dev.partita.compiler.pipeline.StageCuts;
import dev.partita.compiler.pipeline.Stages;
import dev.partita.compiler.sharding.Cause;
import dev.partita.dsl.graph.Graph;
import dev.partita.dsl.mesh.Axis;
import dev.partita.dsl.problem.Origin;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/// A user's request to cut the model into stages that lie along an axis, and to work on
/// micro-batches in the order of a schedule.
///
/// @param count of stages; 0 for as many as the schedule is made for
/// @param begins the layers with which all stages but the first begin; empty where the work decides
/// @param style of the schedule, unless it is `written` out
public record StageRequest(
        int count,
        List<String> begins,
        ScheduleStyle style,
        Optional<PipelineSchedule> written,
        String axis,
        Origin origin) {
    public StageRequest {
        begins = List.copyOf(begins);
    }

    /// Cuts a forward graph.
    ///
    /// @param marked the layers with which stages begin that the model marks; the request must not
    ///   say otherwise
    /// @throws dev.partita.dsl.problem.ProblemException `InvalidArgument`, `UnknownLayer`,
    ///   `StageCut`, `ScheduleRejected`, and `AxisUsedTwice` if the axis is to do something else
    ///   too
    Stages cut(Graph forward, List<String> marked, CompileOptions options) {
        requireFree(options);
        PipelineSchedule schedule = schedule(options);
        requireMarks(marked, schedule);
        List<String> said = begins.isEmpty() ? marked : begins;
        Map<String, Integer> stages =
                said.isEmpty()
                        ? StageCuts.balanced(forward, schedule.stages(), origin)
                        : StageCuts.before(forward, said, origin);
        return new Stages(options.mesh().axis(axis), schedule, stages);
    }

    private void requireMarks(List<String> marked, PipelineSchedule schedule) {
        boolean others = !begins.isEmpty() && !begins.equals(marked);
        if (!marked.isEmpty() && (others || schedule.stages() != marked.size() + 1)) {
            throw Problem.of(
                            ProblemCode.STAGE_CUT,
                            "The model marks other stages than it is to be cut into.")
                    .fact("marked before", String.join(", ", marked))
                    .fact("asked by", this)
                    .fact("stages of the schedule", schedule.stages())
                    .fix(
                            "stages(%d) on a schedule of as many, or a model without .stage()"
                                    .formatted(marked.size() + 1))
                    .at(origin)
                    .exception();
        }
    }

    private void requireFree(CompileOptions options) {
        Stream.of(
                        options.shards().stream().filter(r -> r.axes().contains(axis)),
                        options.zero().stream().filter(r -> r.axes().contains(axis)),
                        options.dataParallelRequest().stream().filter(r -> r.axes().contains(axis)))
                .flatMap(other -> other)
                .findFirst()
                .ifPresent(other -> {
                    throw Problem.of(
                                    ProblemCode.AXIS_USED_TWICE,
                                    "An axis along which stages lie cannot do anything else.")
                            .fact("axis", axis)
                            .fact("asked by", this + " and " + other)
                            .fix("another axis for one of the two")
                            .at(origin)
                            .exception();
                });
    }

    /// The order of all micro-batches.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `InvalidArgument`, `ScheduleRejected`
    public PipelineSchedule schedule(CompileOptions options) {
        Axis devices = options.mesh().axis(axis);
        int microBatches = Math.toIntExact(options.microBatches());
        int wanted = begins.isEmpty() ? count : begins.size() + 1;
        PipelineSchedule schedule =
                written.orElseGet(() -> styled(devices.size(), microBatches, wanted));
        requireEqual("devices", schedule.devices().size(), devices, devices.size());
        requireEqual(
                "micro-batches",
                schedule.microBatches(),
                microBatches + " of the batch",
                microBatches);
        requireEqual("stages", schedule.stages(), wanted, wanted == 0 ? schedule.stages() : wanted);
        return schedule;
    }

    private PipelineSchedule styled(int devices, int microBatches, int wanted) {
        boolean even = wanted > 0 && wanted % devices == 0;
        return Schedules.of(style, devices, microBatches, even ? wanted / devices : 0);
    }

    private void requireEqual(String what, int ofSchedule, Object here, int wanted) {
        if (ofSchedule != wanted) {
            throw Problem.of(
                            ProblemCode.INVALID_ARGUMENT,
                            "The schedule is made for other " + what + ".")
                    .fact("schedule", written.isPresent() ? "written out" : style.name())
                    .fact(what + " of the schedule", ofSchedule)
                    .fact(what + " here", here)
                    .fix(ofSchedule + " " + what + ", or another schedule")
                    .at(origin)
                    .exception();
        }
    }

    /// How two of the micro-batches are compiled alone, one after the other, by the same stages on
    /// the same devices: what all others do, too. A limit of memory is for all and not for them.
    public CompileOptions ofTwo(CompileOptions options) {
        PipelineSchedule two = schedule(options).ofTwo();
        return options.memory(Optional.empty())
                .batch(2 * (options.batch() / options.microBatches()))
                .microBatches(2)
                .stages(new StageRequest(count, begins, style, Optional.of(two), axis, origin));
    }

    /// Why values live at one coordinate of the axis.
    Map<String, Cause> homes() {
        return Map.of(axis, new Cause(toString(), origin));
    }

    @Override
    public String toString() {
        String what =
                begins.isEmpty() ? "" + (count == 0 ? "" : count) : CompileOptions.quoted(begins);
        String order = written.isPresent() ? "a schedule" : "\"" + style.name() + "\"";
        return "stages(%s).schedule(%s).over(\"%s\")".formatted(what, order, axis);
    }

    /// A request that still lacks its axis.
    public record Words(
            CompileOptions options,
            int count,
            List<String> begins,
            ScheduleStyle style,
            Optional<PipelineSchedule> written) {
        Words(CompileOptions options, int count, List<String> begins) {
            this(options, count, begins, new OneForwardOneBackward(), Optional.empty());
        }

        /// Works in the order of a known schedule, such as `1f1b` or `zb-h1`.
        ///
        /// @throws dev.partita.dsl.problem.ProblemException `InvalidArgument`, with the near miss
        public Words schedule(String name) {
            return new Words(options, count, begins, Schedules.named(name), Optional.empty());
        }

        /// Works in an order of one's own.
        public Words schedule(PipelineSchedule own) {
            return new Words(options, count, begins, style, Optional.of(own));
        }

        /// Lays the stages along this axis, its first device first.
        ///
        /// @throws dev.partita.dsl.problem.ProblemException `UnknownAxis`
        public CompileOptions over(String axis) {
            options.mesh().axis(axis);
            return options.stages(
                    new StageRequest(count, begins, style, written, axis, Origin.here()));
        }
    }
}
