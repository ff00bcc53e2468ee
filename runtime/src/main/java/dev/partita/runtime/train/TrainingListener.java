package dev.partita.runtime.train;

/// Is told how training goes, on the thread that trains.
public interface TrainingListener {
    /// Listens to nothing.
    TrainingListener NONE = new TrainingListener() {};

    /// A step is complete.
    default void step(Progress progress) {}

    /// An epoch is complete, or the last step of a run, and the model was tested.
    ///
    /// @param epoch counted from 1
    default void tested(int epoch, double accuracy) {}

    /// The same for a model of text.
    ///
    /// @param loss nats per character of the test text
    default void validated(int epoch, double loss) {}

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
