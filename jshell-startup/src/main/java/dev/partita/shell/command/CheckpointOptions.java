package dev.partita.shell.command;

import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.runtime.train.Training;
import dev.partita.runtime.train.TrainingRun;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// Where a training is kept, so that it can go on later, elsewhere.
final class CheckpointOptions {
    @Option(
            names = "--checkpoint",
            paramLabel = "DIR",
            description = {
                "Writes checkpoints into this folder: before the first step, after every epoch,",
                "at the end and on Ctrl-C. The last two are kept."
            })
    private @Nullable String folder;

    @Option(
            names = "--checkpoint-every",
            paramLabel = "N",
            description = "Writes one after every N steps instead of after every epoch.")
    private @Nullable Integer every;

    @Option(
            names = "--resume",
            description = {
                "Goes on from the last checkpoint, on this mesh or another; --epochs and --steps count",
                "from the very beginning."
            })
    private boolean resume;

    /// How to go on with a run that was interrupted; empty if it was not, or nothing was kept.
    Optional<String> wayOn(TrainingRun run) {
        return run.interrupted() && folder != null
                ? Optional.of(
                        "Kept in %s: the same command with --resume goes on.".formatted(folder))
                : Optional.empty();
    }

    /// The training with what was asked for.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `InvalidArgument`
    Training of(Training training) {
        if (folder == null) {
            if (resume || every != null) {
                throw Problem.of(
                                ProblemCode.INVALID_ARGUMENT,
                                "Nothing says where the checkpoints are.")
                        .fact("given", resume ? "--resume" : "--checkpoint-every " + every)
                        .fix("--checkpoint DIR")
                        .exception();
            }
            return training;
        }
        Training kept =
                every == null ? training.checkpoint(folder) : training.checkpoint(folder, every);
        return resume ? kept.resume() : kept;
    }
}
