package dev.partita.shell.command;

import dev.partita.runtime.train.ExpertLoad;
import dev.partita.runtime.train.TrainingRun;
import java.util.List;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/// What `partita train --json` writes.
///
/// @param experts for each layer with experts the share of choices that fell on each, and that
///   found no slot
/// @param testAccuracy absent for text, and if training was interrupted
/// @param validationLoss in nats per character; absent for images, and if training was interrupted
record TrainResult(
        String model,
        int steps,
        int epochs,
        boolean interrupted,
        List<Double> losses,
        List<Double> gradNorms,
        List<Double> stepMillis,
        List<ExpertLoad> experts,
        double samplesPerSecond,
        List<Long> peakBytesPerDevice,
        List<Long> predictedPeakBytesPerDevice,
        long allocatedBytesPerStep,
        @Nullable Double testAccuracy,
        @Nullable Double validationLoss) {
    static TrainResult of(String model, TrainingRun run) {
        return new TrainResult(
                model,
                run.steps(),
                run.epochs(),
                run.interrupted(),
                run.losses(),
                run.gradNorms(),
                run.stepMillis(),
                run.experts(),
                run.samplesPerSecond(),
                run.peakBytesPerDevice(),
                run.predictedPeakBytesPerDevice(),
                run.allocatedBytesPerStep(),
                orNull(run.testAccuracy()),
                orNull(run.validationLoss()));
    }

    private static @Nullable Double orNull(OptionalDouble value) {
        return value.isPresent() ? value.getAsDouble() : null;
    }
}
