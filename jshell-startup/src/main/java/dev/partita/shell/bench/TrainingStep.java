package dev.partita.shell.bench;

import dev.partita.compiler.Compilation;
import dev.partita.dsl.tensor.TensorType;
import dev.partita.kernels.KernelLibraries;
import dev.partita.runtime.execute.Feed;
import dev.partita.runtime.execute.ScalarOutput;
import dev.partita.runtime.execute.Session;
import dev.partita.runtime.execute.SessionOptions;
import dev.partita.runtime.execute.StepProfile;
import dev.partita.runtime.state.HostTensor;

/// A plan that is open and fed, to be run over and over on the same examples.
public final class TrainingStep implements Contestant {
    private static final double LEARNING_RATE = 1e-3;
    private static final long WARM_UP_NANOS = 3_000_000_000L;
    private static final String LABELS = "labels";
    private static final String STEP = "step";

    private final Session session;
    private final HostTensor examples;
    private final HostTensor labels;
    private final ScalarOutput loss;
    private final boolean counts;
    private long steps;

    private TrainingStep(Session session, HostTensor examples, HostTensor labels) {
        this.session = session;
        this.examples = examples;
        this.labels = labels;
        loss = session.scalarOutput("loss");
        counts = session.feed().has(STEP);
    }

    /// Opens a plan with the fastest kernels, and feeds it numbers without meaning.
    ///
    /// @param compilation of a model that learns labels
    /// @param classes labels and tokens are below this
    public static TrainingStep open(Compilation compilation, int classes) {
        Session session =
                Session.open(
                        compilation.plan(), new SessionOptions(KernelLibraries.cpu(), 1, true));
        Feed feed = session.feed();
        String input = compilation.model().input().word().name();
        HostTensor examples = pattern(feed.type(input), classes);
        HostTensor labels = pattern(feed.type(LABELS), classes);
        feed.put(input, examples).put(LABELS, labels).put("learning-rate", LEARNING_RATE);
        return new TrainingStep(session, examples, labels);
    }

    /// Numbers between 0 and 1, and labels, in an order without meaning.
    private static HostTensor pattern(TensorType type, int classes) {
        return HostTensor.generate(
                type, i -> type.dtype().isFloating() ? i * 7919 % 256 / 256.0 : i * 7919 % classes);
    }

    @Override
    public long run(int times) {
        long start = System.nanoTime();
        for (int i = 0; i < times; i++) {
            countStep();
            session.run();
        }
        return System.nanoTime() - start;
    }

    /// Adam's first steps differ from later ones.
    private void countStep() {
        if (counts) {
            steps++;
            session.feed().put(STEP, (double) steps);
        }
    }

    /// Warms up for some seconds, then says where the time of a step goes.
    StepProfile profile() {
        long end = System.nanoTime() + WARM_UP_NANOS;
        int times = 0;
        while (System.nanoTime() < end) {
            run(1);
            times++;
        }
        return session.profile(times);
    }

    /// The loss before the last update.
    double loss() {
        return loss.value();
    }

    Session session() {
        return session;
    }

    HostTensor examples() {
        return examples;
    }

    HostTensor labels() {
        return labels;
    }

    @Override
    public void close() {
        session.close();
    }
}
