package dev.partita.runtime.train;

import dev.partita.compiler.plan.Binding;
import dev.partita.compiler.plan.Timeline;
import dev.partita.dsl.layer.LearningRate;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.problem.ProblemException;
import dev.partita.runtime.data.Batch;
import dev.partita.runtime.data.Batches;
import dev.partita.runtime.data.DistributedSampler;
import dev.partita.runtime.data.TextDataset;
import dev.partita.runtime.execute.Session;
import dev.partita.runtime.execute.Walk;
import dev.partita.runtime.state.HostTensor;
import dev.partita.runtime.train.TrainingCheckpoints.Moment;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/// The training loop.
final class Trainer {
    /// Steps at the end that are recorded if any are.
    private static final int RECORDED = 9;

    private final Training training;
    private final DistributedSampler sampler;
    private final ExampleFeed examples;
    private final BestSoFar best;
    private final TrainingCheckpoints checkpoints;
    private final List<TrainingRun.Test> tests = new ArrayList<>();
    private final List<Timeline> timelines = new ArrayList<>();
    private Moment now = Moment.BEGIN;

    Trainer(Training training) {
        this.training = training;
        Foresight.refuse(training.compilation().model(), training.examples());
        sampler = training.sampler();
        examples = training.exampleFeed();
        best =
                new BestSoFar(
                        training.patience(), readsText(), training.checkpointing().isPresent());
        if (training.patience() > 0 && training.testExamples().isEmpty()) {
            throw Problem.of(
                            ProblemCode.INVALID_ARGUMENT,
                            "Early stopping watches a test, and there are no examples to test with.")
                    .fact("data", training.examples().name())
                    .fix("train(plan, data).test(other).stoppingEarly(3)")
                    .exception();
        }
        checkpoints = new TrainingCheckpoints(training, sampler);
    }

    TrainingRun train(int steps) {
        var plan = training.compilation().plan();
        try (var session = Session.open(plan, training.sessionOptions());
                var evaluator = evaluator()) {
            now = checkpoints.begin(session, best);
            int first = now.step();
            var log = new StepLog(session, first, Math.max(0, steps - first), sampler.batch());
            boolean interrupted = false;
            boolean stopped = best.isOver();
            try (var batches = batches()) {
                test(session, evaluator, steps, log);
                while (now.step() < steps && !stopped) {
                    run(session, batches.next(), log, steps);
                    training.listener().step(log.progress(epoch()));
                    test(session, evaluator, steps, log);
                    stopped = best.isOver() && now.step() < steps;
                    log.pause();
                    if (checkpoints.isDue(now.step(), now.place().step() == 0)) {
                        checkpoints.save(session, best, now);
                    }
                    log.resume();
                }
            } catch (ProblemException e) {
                if (e.problem().code() != ProblemCode.INTERRUPTED) {
                    throw e;
                }
                interrupted = true;
                Thread.interrupted();
            }
            checkpoints.save(session, best, now);
            OptionalDouble measured =
                    interrupted || evaluator == null
                            ? OptionalDouble.empty()
                            : OptionalDouble.of(last(session, evaluator));
            return result(session, first, log, interrupted, stopped, measured);
        }
    }

    /// The first step, to be gone through.
    Walk walk() {
        var session = Session.open(training.compilation().plan(), training.sessionOptions());
        try (var batches = batches()) {
            feed(session, batches.next(), 1);
            return session.walk();
        } catch (Throwable e) {
            session.close();
            throw e;
        }
    }

    /// The measure of the weights that the run ends with, which are the best ones if it was to stop
    /// early.
    private double last(Session session, Evaluator evaluator) {
        if (training.patience() > 0 && best.test().isPresent()) {
            return best.restore(session);
        }
        return tests.isEmpty() ? evaluator.measure(session) : tests.getLast().measure();
    }

    private @Nullable Evaluator evaluator() {
        return training.testExamples()
                .map(test -> new Evaluator(training.compilation(), test, training.kernels()))
                .orElse(null);
    }

    private Batches batches() {
        return Batches.shuffled(
                training.examples(),
                sampler,
                training.augmentation(),
                training.seed(),
                examples.ignored(),
                now.place());
    }

    private void run(Session session, Batch batch, StepLog log, int steps) {
        int step = now.step() + 1;
        long start = System.nanoTime();
        feed(session, batch, step);
        if (training.isRecording() && step > steps - RECORDED) {
            timelines.add(session.record());
        } else {
            session.run();
        }
        log.add(System.nanoTime() - start);
        now = new Moment(step, now.place().after(1, sampler.steps()), now.tested());
    }

    private void feed(Session session, Batch batch, int step) {
        LearningRate rate = training.compilation().options().optimizer().learningRate();
        examples.fill(session.feed(), batch);
        session.feed().put("learning-rate", rate.at(step));
        if (session.feed().has("step")) {
            session.feed().put("step", step);
        }
    }

    /// Tests if it is time to and was not done: an interrupt may have come in between.
    private void test(Session session, @Nullable Evaluator evaluator, int steps, StepLog log) {
        int step = now.step();
        int every = training.testSteps();
        boolean due = every == 0 ? now.place().step() == 0 : step % every == 0;
        if (evaluator == null || now.tested() == step || !(due || step >= steps)) {
            return;
        }
        log.pause();
        double measured = evaluator.measure(session);
        best.add(session, evaluator.session(), measured, step);
        tests.add(new TrainingRun.Test(step, measured));
        now = new Moment(step, now.place(), step);
        if (readsText()) {
            training.listener().validated(step, epoch(), measured);
        } else {
            training.listener().tested(epoch(), measured);
        }
        log.resume();
    }

    private boolean readsText() {
        return training.examples() instanceof TextDataset;
    }

    /// The epoch of the last step, from 1.
    private int epoch() {
        return now.place().epoch() + (now.place().step() == 0 ? 0 : 1);
    }

    private TrainingRun result(
            Session session,
            int first,
            StepLog log,
            boolean interrupted,
            boolean stopped,
            OptionalDouble measured) {
        Map<String, HostTensor> weights = new LinkedHashMap<>();
        for (String name : session.names(Binding.Parameter.class)) {
            weights.put(name, session.readParameter(name));
        }
        return new TrainingRun(
                now.step(),
                first + 1,
                epoch(),
                interrupted,
                stopped,
                session.skippedUpdates(),
                log.losses(),
                log.gradNorms(),
                log.millis(),
                log.experts(),
                log.samplesPerSecond(),
                session.peakBytes(),
                session.plan().peakBytesPerDevice(),
                log.allocatedBytesPerStep(),
                log.busy(),
                readsText(),
                tests,
                readsText() ? OptionalDouble.empty() : measured,
                readsText() ? measured : OptionalDouble.empty(),
                weights,
                median());
    }

    private Optional<Timeline> median() {
        return timelines.stream()
                .sorted(Comparator.comparingDouble(Timeline::seconds))
                .skip(timelines.size() / 2)
                .findFirst();
    }
}
