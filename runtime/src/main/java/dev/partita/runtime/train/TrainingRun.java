package dev.partita.runtime.train;

import dev.partita.compiler.plan.Timeline;
import dev.partita.runtime.state.HostTensor;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/// What training did.
///
/// @param steps complete steps, those before a resumed run included
/// @param firstStep the first step of this run, which losses and other lists begin with: 1 unless
///   it was resumed
/// @param epochs epochs begun
/// @param interrupted whether it was ended before its last step
/// @param stoppedEarly whether it ended because tests became no better
/// @param skippedUpdates how often gradients overflowed and the step was run again with half the
///   loss scale
/// @param losses of every step
/// @param gradNorms of every step, before the update
/// @param stepMillis how long every step took, without waiting for examples
/// @param experts for each layer with experts, how evenly they were chosen
/// @param samplesPerSecond over all steps but the first, waiting for examples included
/// @param peakBytesPerDevice end of the highest byte that each device wrote, measured
/// @param predictedPeakBytesPerDevice the same as the plan says
/// @param allocatedBytesPerStep Java heap that a step took, all devices and the calling thread
///   together: the mean over the second half of the steps, when the JVM has warmed up
/// @param busyPerDevice the part of the steps' time in which each device worked, and did not wait
///   for others: over the second half of the steps, and empty if it was not reached
/// @param readsText whether the model learnt a text: then tests measure its loss
/// @param tests of this run, in order
/// @param testAccuracy share of right answers on the test examples, if there were any and training
///   was not interrupted
/// @param validationLoss mean of `-log(probability)` of each character of the test text, in nats,
///   if it was trained on text and not interrupted
/// @param weights by name, at the end; those that tested best if training was to stop early
/// @param timeline of the median of the last steps, if they were recorded
public record TrainingRun(
        int steps,
        int firstStep,
        int epochs,
        boolean interrupted,
        boolean stoppedEarly,
        long skippedUpdates,
        List<Double> losses,
        List<Double> gradNorms,
        List<Double> stepMillis,
        List<ExpertLoad> experts,
        double samplesPerSecond,
        List<Long> peakBytesPerDevice,
        List<Long> predictedPeakBytesPerDevice,
        long allocatedBytesPerStep,
        List<Double> busyPerDevice,
        boolean readsText,
        List<Test> tests,
        OptionalDouble testAccuracy,
        OptionalDouble validationLoss,
        Map<String, HostTensor> weights,
        Optional<Timeline> timeline) {
    public TrainingRun {
        losses = List.copyOf(losses);
        gradNorms = List.copyOf(gradNorms);
        stepMillis = List.copyOf(stepMillis);
        experts = List.copyOf(experts);
        peakBytesPerDevice = List.copyOf(peakBytesPerDevice);
        predictedPeakBytesPerDevice = List.copyOf(predictedPeakBytesPerDevice);
        busyPerDevice = List.copyOf(busyPerDevice);
        tests = List.copyOf(tests);
        weights = Map.copyOf(weights);
    }

    /// A test of a run.
    ///
    /// @param step number of complete steps
    /// @param measure accuracy, or of a text the loss in nats per character
    public record Test(int step, double measure) {}

    /// In one line of at most 80 characters.
    @Override
    public String toString() {
        String loss = losses.isEmpty() ? "" : ", loss %.4f".formatted(losses.getLast());
        String accuracy =
                testAccuracy.isPresent()
                        ? ", accuracy %.2f %%".formatted(100 * testAccuracy.getAsDouble())
                        : "";
        String skipped = skippedUpdates == 0 ? "" : " (%d skipped)".formatted(skippedUpdates);
        String validation =
                validationLoss.isPresent()
                        ? ", validation %.4f".formatted(validationLoss.getAsDouble())
                        : "";
        String speed =
                losses.isEmpty()
                        ? ", none of them now"
                        : ", %,.0f samples/s".formatted(samplesPerSecond);
        return "%,d steps%s%s%s%s%s%s"
                .formatted(
                        steps,
                        interrupted ? " (interrupted)" : stoppedEarly ? " (stopped early)" : "",
                        skipped,
                        loss,
                        accuracy,
                        validation,
                        speed);
    }
}
