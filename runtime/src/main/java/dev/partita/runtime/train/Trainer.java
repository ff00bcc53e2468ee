package dev.partita.runtime.train;

import dev.partita.compiler.plan.Binding;
import dev.partita.dsl.layer.LearningRate;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.problem.ProblemException;
import dev.partita.runtime.data.Batch;
import dev.partita.runtime.data.Batches;
import dev.partita.runtime.data.DistributedSampler;
import dev.partita.runtime.data.TextDataset;
import dev.partita.runtime.execute.Session;
import dev.partita.runtime.state.HostTensor;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/// The training loop.
final class Trainer {
    private final Training training;
    private final DistributedSampler sampler;
    private final ExampleFeed examples;

    Trainer(Training training) {
        this.training = training;
        sampler = training.sampler();
        examples = training.exampleFeed();
        if (training.patience() > 0 && training.testExamples().isEmpty()) {
            throw Problem.of(
                            ProblemCode.INVALID_ARGUMENT,
                            "Early stopping watches a test, and there are no examples to test with.")
                    .fact("data", training.examples().name())
                    .fix("train(plan, data).test(other).stoppingEarly(3)")
                    .exception();
        }
    }

    TrainingRun train(int steps) {
        var plan = training.compilation().plan();
        try (var session = Session.open(plan, training.sessionOptions());
                var evaluator = evaluator();
                var batches =
                        Batches.shuffled(
                                training.examples(),
                                sampler,
                                training.augmentation(),
                                training.seed(),
                                examples.ignored())) {
            var log = new StepLog(session, steps, sampler.batch());
            var stopping = new EarlyStopping(training.patience(), readsText());
            OptionalDouble measured = OptionalDouble.empty();
            boolean interrupted = false;
            boolean stopped = false;
            try {
                for (int step = 1; step <= steps && !stopped; step++) {
                    run(session, batches.next(), step, log);
                    training.listener().step(log.progress(epoch(step)));
                    if (evaluator != null && (step == steps || step % sampler.steps() == 0)) {
                        log.pause();
                        measured = OptionalDouble.of(evaluator.measure(session));
                        tell(epoch(step), measured.getAsDouble());
                        if (training.patience() > 0) {
                            boolean over = stopping.isOverAfter(session, measured.getAsDouble());
                            stopped = over && step < steps;
                        }
                        log.resume();
                    }
                }
                if (training.patience() > 0) {
                    measured = stopping.restore(session);
                }
            } catch (ProblemException e) {
                if (e.problem().code() != ProblemCode.INTERRUPTED) {
                    throw e;
                }
                interrupted = true;
                Thread.interrupted();
            }
            return result(session, log, interrupted, stopped, measured);
        }
    }

    private void tell(int epoch, double measured) {
        if (readsText()) {
            training.listener().validated(epoch, measured);
        } else {
            training.listener().tested(epoch, measured);
        }
    }

    private boolean readsText() {
        return training.examples() instanceof TextDataset;
    }

    private @Nullable Evaluator evaluator() {
        return training.testExamples()
                .map(test -> new Evaluator(training.compilation(), test, training.kernels()))
                .orElse(null);
    }

    private void run(Session session, Batch batch, int step, StepLog log) {
        LearningRate rate = training.compilation().options().optimizer().learningRate();
        long start = System.nanoTime();
        examples.fill(session.feed(), batch);
        session.feed().put("learning-rate", rate.at(step));
        if (session.feed().has("step")) {
            session.feed().put("step", step);
        }
        session.run();
        log.add(System.nanoTime() - start);
    }

    private int epoch(int step) {
        return (step - 1) / sampler.steps() + 1;
    }

    private TrainingRun result(
            Session session,
            StepLog log,
            boolean interrupted,
            boolean stopped,
            OptionalDouble measured) {
        OptionalDouble complete = interrupted ? OptionalDouble.empty() : measured;
        double speed = log.samplesPerSecond();
        Map<String, HostTensor> weights = new LinkedHashMap<>();
        for (String name : session.names(Binding.Parameter.class)) {
            weights.put(name, session.readParameter(name));
        }
        return new TrainingRun(
                log.steps(),
                log.steps() == 0 ? 0 : epoch(log.steps()),
                interrupted,
                stopped,
                session.skippedUpdates(),
                log.losses(),
                log.gradNorms(),
                log.millis(),
                speed,
                session.peakBytes(),
                session.plan().peakBytesPerDevice(),
                log.allocatedBytesPerStep(),
                readsText() ? OptionalDouble.empty() : complete,
                readsText() ? complete : OptionalDouble.empty(),
                weights);
    }
}
