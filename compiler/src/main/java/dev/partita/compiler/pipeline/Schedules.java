package dev.partita.compiler.pipeline;

import dev.partita.dsl.problem.NearMiss;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import java.util.List;
import java.util.stream.IntStream;

/// The known styles by name, and schedules made in them.
public final class Schedules {
    /// Every known style, the plainest first.
    public static final List<ScheduleStyle> STYLES =
            List.of(
                    new Sequential(),
                    new GPipe(),
                    new OneForwardOneBackward(),
                    new Interleaved(),
                    ZeroBubble.H1,
                    ZeroBubble.H2,
                    new ZeroBubbleV(),
                    new DualPipeV());

    private Schedules() {}

    /// Names of the styles.
    public static List<String> names() {
        return STYLES.stream().map(ScheduleStyle::name).toList();
    }

    /// The style of this name.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `InvalidArgument`, with the near miss
    public static ScheduleStyle named(String name) {
        return STYLES.stream()
                .filter(style -> style.name().equals(name))
                .findFirst()
                .orElseThrow(() ->
                        Problem.of(
                                        ProblemCode.INVALID_ARGUMENT,
                                        "There is no schedule \"" + name + "\".")
                                .fix(NearMiss.fix(name, names(), "schedule"))
                                .exception());
    }

    /// A schedule in a known style.
    ///
    /// @param devices of the pipeline
    /// @param microBatches of a step
    /// @param chunks stages per device; 0 for as many as the style is made for, or 1
    /// @throws dev.partita.dsl.problem.ProblemException `InvalidArgument`
    public static PipelineSchedule of(
            ScheduleStyle style, int devices, int microBatches, int chunks) {
        atLeastOne("devices of a pipeline", devices);
        atLeastOne("micro-batches", microBatches);
        int made = style.chunks();
        if (chunks != 0 && made != 0 && chunks != made) {
            throw Problem.of(
                            ProblemCode.INVALID_ARGUMENT,
                            "This schedule is made for another number of stages per device.")
                    .fact("schedule", style.name())
                    .fact("stages per device", chunks)
                    .fact("made for", made)
                    .fix(
                            made == 1
                                    ? "interleaved, or one stage per device"
                                    : made + " stages per device")
                    .exception();
        }
        int each = Math.max(1, made == 0 ? chunks : made);
        return new PipelineSchedule(
                IntStream.range(0, devices)
                        .mapToObj(device -> style.order(device, devices, microBatches, each))
                        .toList());
    }

    private static void atLeastOne(String what, int number) {
        if (number < 1) {
            throw Problem.of(
                            ProblemCode.INVALID_ARGUMENT,
                            "A pipeline has at least one device and one micro-batch.")
                    .fact(what, number)
                    .fix("1 or more")
                    .exception();
        }
    }
}
