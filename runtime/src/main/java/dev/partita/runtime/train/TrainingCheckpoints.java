package dev.partita.runtime.train;

import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.problem.ProblemException;
import dev.partita.runtime.data.BatchPlace;
import dev.partita.runtime.data.DistributedSampler;
import dev.partita.runtime.data.Examples;
import dev.partita.runtime.data.TextDataset;
import dev.partita.runtime.execute.Session;
import dev.partita.runtime.state.Checkpoint;
import dev.partita.runtime.state.TrainingPoint;
import dev.partita.runtime.state.TrainingState;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Reads and writes the checkpoints of one training, if it has any.
final class TrainingCheckpoints {
    private final Training training;
    private final DistributedSampler sampler;
    private final Optional<Checkpoint> opened;
    private long written = -1;

    /// Opens what training goes on from.
    ///
    /// @throws ProblemException what [Checkpoint#open] throws, `CheckpointMismatch` if it is of
    ///   other examples, `InvalidArgument` if it has another seed or the folder is taken
    TrainingCheckpoints(Training training, DistributedSampler sampler) {
        this.training = training;
        this.sampler = sampler;
        opened =
                training.checkpointing()
                        .filter(Checkpointing::resume)
                        .map(checkpointing -> Checkpoint.open(checkpointing.folder()));
        opened.ifPresentOrElse(checkpoint -> requireSame(checkpoint), () -> requireFree());
    }

    private void requireFree() {
        training.checkpointing()
                .filter(checkpointing -> Checkpoint.isIn(checkpointing.folder()))
                .ifPresent(checkpointing -> {
                    throw Problem.of(
                                    ProblemCode.INVALID_ARGUMENT,
                                    "The folder holds checkpoints of a training already.")
                            .fact("folder", checkpointing.folder())
                            .fix("go on from them with resume, or name another folder")
                            .exception();
                });
    }

    private void requireSame(Checkpoint checkpoint) {
        TrainingPoint point = checkpoint.point();
        if (point.seed() != training.seed()) {
            throw Problem.of(
                            ProblemCode.INVALID_ARGUMENT,
                            "The training was begun with another seed: its examples come in another order.")
                    .fact("begun with", point.seed())
                    .fact("now", training.seed())
                    .fix("seed " + point.seed())
                    .exception();
        }
        Optional<String> characters = characters();
        if (!point.examples().equals(describe(training.examples()))
                || !checkpoint.vocabulary().equals(characters)) {
            throw Problem.of(
                            ProblemCode.CHECKPOINT_MISMATCH,
                            "The training was begun with other examples.")
                    .fact("begun with", point.data() + ": " + point.examples())
                    .fact("now", training.examples().name() + ": " + describe(training.examples()))
                    .fix("the data it was begun with, or a new training in another folder")
                    .exception();
        }
        if (point.offset() % sampler.batch() != 0) {
            throw Problem.of(
                            ProblemCode.INVALID_ARGUMENT,
                            "The checkpoint is in the middle of a batch of this size.")
                    .fact("examples of the epoch that were used", point.offset())
                    .fact("batch then", point.batch())
                    .fact("batch now", sampler.batch())
                    .fix("a batch of " + point.batch())
                    .exception();
        }
    }

    private static String describe(Examples examples) {
        return "%d examples %s%s".formatted(examples.size(), examples.dtype(), examples.shape());
    }

    private Optional<String> characters() {
        return training.examples() instanceof TextDataset text
                ? Optional.of(text.vocabulary().characters())
                : Optional.empty();
    }

    /// How far training is.
    ///
    /// @param step number of complete steps
    /// @param place of the next batch
    /// @param tested number of complete steps at the last test
    record Moment(int step, BatchPlace place, int tested) {
        static final Moment BEGIN = new Moment(0, BatchPlace.START, 0);
    }

    /// Gives the session what the checkpoint holds, and says where that is; or writes the first
    /// checkpoint, so that a folder that cannot be written is found out before any work.
    Moment begin(Session session, BestSoFar best) {
        if (opened.isEmpty()) {
            save(session, best, Moment.BEGIN);
            return Moment.BEGIN;
        }
        Checkpoint checkpoint = opened.get();
        TrainingPoint point = checkpoint.point();
        checkpoint.restore(training.compilation().model(), session.held());
        best.resume(checkpoint, session);
        written = point.step();
        training.listener().resumed(point.step(), changes(point));
        int batches = point.offset() / sampler.batch();
        BatchPlace place = new BatchPlace(point.epoch(), 0).after(batches, sampler.steps());
        return new Moment(Math.toIntExact(point.step()), place, Math.toIntExact(point.tested()));
    }

    /// What is not as it was: it is allowed, and said.
    private List<String> changes(TrainingPoint before) {
        TrainingPoint now = point(Moment.BEGIN);
        List<String> changes = new ArrayList<>();
        compare("optimizer", before.optimizer(), now.optimizer(), changes);
        compare("augmentation", before.augmentation(), now.augmentation(), changes);
        compare("batch", before.batch(), now.batch(), changes);
        return changes;
    }

    private static void compare(String what, Object before, Object now, List<String> changes) {
        if (!before.equals(now)) {
            changes.add(what + " " + before + " is now " + now);
        }
    }

    private TrainingPoint point(Moment now) {
        return new TrainingPoint(
                now.step(),
                training.seed(),
                now.place().epoch(),
                now.place().step() * sampler.batch(),
                sampler.batch(),
                training.examples().name(),
                describe(training.examples()),
                now.tested(),
                training.compilation().options().optimizer().toString(),
                training.augmentation().toString());
    }

    /// True if a checkpoint is due after a step.
    ///
    /// @param epochEnds whether it is the last one of its epoch
    boolean isDue(long step, boolean epochEnds) {
        return training.checkpointing()
                .map(c -> c.every() == 0 ? epochEnds : step % c.every() == 0)
                .orElse(false);
    }

    /// Writes a checkpoint, unless there is none to be written or it is there already. An interrupt
    /// waits until it is written.
    ///
    /// @throws ProblemException `OutputNotWritten`
    void save(Session session, BestSoFar best, Moment now) {
        if (training.checkpointing().isEmpty() || now.step() == written) {
            return;
        }
        var state =
                new TrainingState(
                        training.compilation(),
                        point(now),
                        best.test(),
                        best.tensors(),
                        characters(),
                        session.held());
        boolean interrupted = Thread.interrupted();
        while (now.step() != written) {
            try {
                Checkpoint.write(state, training.checkpointing().get().folder());
                written = now.step();
            } catch (ProblemException e) {
                // an interrupt closes the file that is being written
                if (!Thread.interrupted()) {
                    throw e;
                }
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
