package dev.partita.shell.draw;

import dev.partita.runtime.train.TrainingListener;
import dev.partita.runtime.train.TrainingRun;

/// Words for pictures in a session, to be imported statically.
///
/// ```java
/// var run = train(plan, digits()).listener(progress()).epochs(1);
/// curve(run)
/// ```
public final class Pictures {
    private static final int COLUMNS = 60;
    private static final int ROWS = 8;

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
}
