package dev.partita.shell.bench;

import static dev.partita.dsl.layer.Layers.adam;

import dev.partita.compiler.Compilation;
import dev.partita.compiler.plan.Arithmetic;
import dev.partita.compiler.plan.ExecutionPlan;
import dev.partita.compiler.plan.MemoryBytes;
import dev.partita.dsl.layer.Model;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.kernels.KernelLibraries;
import dev.partita.runtime.data.DataSplit;
import dev.partita.runtime.train.Training;
import dev.partita.runtime.train.TrainingListener;
import dev.partita.runtime.train.TrainingRun;
import dev.partita.shell.bench.StrategyResult.StrategyCase;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Trains one model on the same data in every [Strategy], by turns, and measures time, memory and
/// how busy the devices were.
///
/// @param batch examples a step takes, over all devices
/// @param devices how many share the batch
/// @param seed of the first weights and of the order of the examples, the same for all
public record StrategyContest(
        Model model, DataSplit data, int batch, int devices, int epochs, long seed) {
    private static final int STEPS_PER_TURN = 10;
    private static final int CEILING_ROUNDS = 5;
    private static final double LEARNING_RATE = 2e-3;

    /// The loss at the end is the mean of so many steps.
    private static final int LAST_STEPS = 20;

    /// A strategy, its plan, and what became of it.
    private static final class Runner {
        final Strategy strategy;
        final Compilation compilation;
        volatile @Nullable TrainingRun run;
        volatile @Nullable Throwable failure;

        Runner(Strategy strategy, Compilation compilation) {
            this.strategy = strategy;
            this.compilation = compilation;
        }
    }

    /// Runs the contest.
    ///
    /// @param listeners who is told how a strategy gets on
    /// @throws dev.partita.dsl.problem.ProblemException `Interrupted` if this thread is, and
    ///   whatever training throws
    public StrategyResult run(Function<Strategy, TrainingListener> listeners) {
        List<Runner> runners =
                Arrays.stream(Strategy.values())
                        .map(strategy ->
                                new Runner(
                                        strategy,
                                        strategy.compile(
                                                model, adam(LEARNING_RATE), batch, devices)))
                        .toList();
        var turns = new Turns(runners.size(), STEPS_PER_TURN);
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < runners.size(); i++) {
            int who = i;
            Runner runner = runners.get(i);
            TrainingListener listener = turns.listener(who, listeners.apply(runner.strategy));
            threads.add(
                    Thread.ofPlatform()
                            .daemon()
                            .name("train " + runner.strategy.words())
                            .start(() -> turns.run(who, () -> train(runner, listener))));
        }
        join(threads);
        return result(runners);
    }

    private void train(Runner runner, TrainingListener listener) {
        try {
            runner.run =
                    Training.of(runner.compilation, data.train(), KernelLibraries.cpu())
                            .test(data.test())
                            .seed(seed)
                            .listener(listener)
                            .epochs(epochs);
        } catch (RuntimeException e) {
            runner.failure = e;
        }
    }

    private static void join(List<Thread> threads) {
        boolean interrupted = false;
        for (Thread thread : threads) {
            while (thread.isAlive()) {
                try {
                    thread.join();
                } catch (InterruptedException e) {
                    interrupted = true;
                    threads.forEach(Thread::interrupt);
                }
            }
        }
        if (interrupted) {
            throw Problem.of(ProblemCode.INTERRUPTED, "The benchmark was interrupted.")
                    .fix("run it again, or with fewer --epochs")
                    .exception();
        }
    }

    private StrategyResult result(List<Runner> runners) {
        List<StrategyCase> cases = new ArrayList<>();
        for (Runner runner : runners) {
            Throwable failure = runner.failure;
            if (failure instanceof RuntimeException e) {
                throw e;
            }
            TrainingRun run = runner.run;
            if (run == null) {
                throw new IllegalStateException(runner.strategy + " has not run");
            }
            Optional<StrategyCase> alone = cases.stream().findFirst();
            cases.add(measured(runner, run, alone));
        }
        return new StrategyResult(model.name(), data.train().name(), batch, epochs, cases);
    }

    private StrategyCase measured(Runner runner, TrainingRun run, Optional<StrategyCase> alone) {
        ExecutionPlan plan = runner.compilation.plan();
        int stepsPerEpoch = data.train().size() / batch;
        double millis = median(run.stepMillis().subList(run.steps() / 2, run.steps()));
        double speed = batch / millis * 1e3;
        List<Double> last =
                run.losses().subList(Math.max(0, run.losses().size() - LAST_STEPS), run.steps());
        return new StrategyCase(
                runner.strategy.words(),
                alone.map(StrategyCase::name).orElse("none"),
                speed,
                alone.map(StrategyCase::samplesPerSecond).orElse(null),
                alone.map(one -> speed / one.samplesPerSecond()).orElse(null),
                fractionOfPeak(runner.compilation, millis),
                plan.devices(),
                millis * stepsPerEpoch / 1e3,
                run.busyPerDevice(),
                run.peakBytesPerDevice(),
                plan.programOf().stream()
                        .map(program -> MemoryBytes.of(plan.programs().get(program)))
                        .toList(),
                last.stream().mapToDouble(Double::doubleValue).average().orElse(Double.NaN),
                run.testAccuracy().orElse(Double.NaN));
    }

    private static double median(List<Double> values) {
        return values.stream().sorted().toList().get(values.size() / 2);
    }

    private static @Nullable Double fractionOfPeak(Compilation compilation, double millis) {
        try (var contest = new Contest()) {
            Optional<Ceiling> ceiling =
                    Ceiling.of(compilation.options().precision().compute()).map(contest::enter);
            contest.run(ceiling.isPresent() ? CEILING_ROUNDS : 0);
            long arithmetic = Arithmetic.of(compilation.plan().program(0));
            return ceiling.map(
                            each -> each.fraction(arithmetic, millis, contest.medianMillis(each)))
                    .orElse(null);
        }
    }
}
