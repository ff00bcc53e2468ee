package dev.partita.shell.command;

import dev.partita.runtime.train.ExpertLoad;
import dev.partita.runtime.train.TrainingRun;
import java.util.List;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/// What `partita train --json` writes.
///
/// @param steps complete steps, those before a resumed run included
/// @param firstStep the step that `losses` and the other lists begin with: 1 unless resumed
/// @param busyPerDevice the part of the steps' time in which each device worked
/// @param testSteps after which steps the model was tested
/// @param testAccuracies at these steps; empty for text
/// @param validationLosses at these steps, in nats per character; empty for images
/// @param experts for each layer with experts the share of choices that fell on each, and that
///   found no slot
/// @param testAccuracy absent for text, and if training was interrupted
/// @param validationLoss in nats per character; absent for images, and if training was interrupted
record TrainResult(
        String model,
        int steps,
        int firstStep,
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
        List<Double> busyPerDevice,
        List<Integer> testSteps,
        List<Double> testAccuracies,
        List<Double> validationLosses,
        @Nullable Double testAccuracy,
        @Nullable Double validationLoss) {
    static TrainResult of(String model, TrainingRun run) {
        return new TrainResult(
                model,
                run.steps(),
                run.firstStep(),
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
                run.busyPerDevice(),
                run.tests().stream().map(TrainingRun.Test::step).toList(),
                run.readsText() ? List.of() : measures(run),
                run.readsText() ? measures(run) : List.of(),
                orNull(run.testAccuracy()),
                orNull(run.validationLoss()));
    }

    private static List<Double> measures(TrainingRun run) {
        return run.tests().stream().map(TrainingRun.Test::measure).toList();
    }

    private static @Nullable Double orNull(OptionalDouble value) {
        return value.isPresent() ? value.getAsDouble() : null;
    }
}
