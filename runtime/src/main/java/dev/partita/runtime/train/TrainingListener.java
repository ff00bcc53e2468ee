package dev.partita.runtime.train;

import java.util.List;

/// Is told how training goes, on the thread that trains.
public interface TrainingListener {
    /// Listens to nothing.
    TrainingListener NONE = new TrainingListener() {};

    /// Training goes on from a checkpoint.
    ///
    /// @param step number of complete steps until then
    /// @param changes what is not as it was, each in words
    default void resumed(long step, List<String> changes) {}

    /// A step is complete.
    default void step(Progress progress) {}

    /// The model was tested: after an epoch, where that was asked for after some steps, and after
    /// the last step.
    ///
    /// @param epoch counted from 1
    default void tested(int epoch, double accuracy) {}

    /// The same for a model of text.
    ///
    /// @param step number of complete steps
    /// @param loss nats per character of the test text
    default void validated(long step, int epoch, double loss) {}

    /// How far training is.
    ///
    /// @param step number of complete steps
    /// @param steps number of steps of the whole run
    /// @param epoch counted from 1
    /// @param samplesPerSecond since the first step ended
    /// @param secondsLeft until the last step ends, at that speed
    record Progress(
            long step,
            long steps,
            int epoch,
            double loss,
            double gradNorm,
            double samplesPerSecond,
            double secondsLeft) {}
}
