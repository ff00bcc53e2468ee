package dev.partita.shell.draw;

import dev.partita.compiler.Compilation;
import dev.partita.compiler.cost.ClusterSpec;
import dev.partita.compiler.cost.DeviceSpec;
import dev.partita.compiler.plan.Timeline;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.runtime.train.TrainingListener;
import dev.partita.runtime.train.TrainingRun;
import java.util.Optional;

/// Words for pictures in a session, to be imported statically.
///
/// ```java
/// var run = train(plan, digits()).listener(progress()).epochs(1);
/// curve(run)
/// ```
public final class Pictures {
    private static final int COLUMNS = 60;
    private static final int ROWS = 8;
    private static final int DEVICES_PER_NODE = 8;

    private Pictures() {}

    /// The losses of a run, step by step.
    public static String curve(TrainingRun run) {
        double[] losses = run.losses().stream().mapToDouble(Double::doubleValue).toArray();
        return LineChart.draw("loss by step", run.firstStep(), losses, COLUMNS, ROWS);
    }

    /// Shows training on this process's terminal while it goes on.
    public static TrainingListener progress() {
        return new TrainingScreen(Screen.ofProcess());
    }

    /// A step of a plan in time, as the simulator foretells it on devices of this name:
    /// zen4-2-cores, a100-80gb, h100-80gb, h200, or a file that `partita bench --calibrate` wrote.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `InvalidArgument`, with the near miss
    public static TimelinePicture timeline(Compilation compilation, String device) {
        return TimelinePicture.predicted(
                compilation, new ClusterSpec(DeviceSpec.named(device), DEVICES_PER_NODE));
    }

    /// A step that was measured: `var run = train(plan, digits()).recording().steps(20)`.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `InvalidArgument` if it was not recorded
    public static TimelinePicture timeline(Compilation compilation, TrainingRun run) {
        return TimelinePicture.beside(compilation, Optional.empty(), recorded(run));
    }

    /// The same under what the simulator foretells.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException as the others
    public static TimelinePicture timeline(
            Compilation compilation, TrainingRun run, String device) {
        return TimelinePicture.beside(
                compilation, Optional.of(DeviceSpec.named(device)), recorded(run));
    }

    private static Timeline recorded(TrainingRun run) {
        return run.timeline()
                .orElseThrow(() ->
                        Problem.of(
                                        ProblemCode.INVALID_ARGUMENT,
                                        "No step of this run was recorded.")
                                .fix("train(plan, data).recording().steps(20)")
                                .exception());
    }
}
