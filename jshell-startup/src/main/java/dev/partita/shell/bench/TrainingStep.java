package dev.partita.shell.bench;

import dev.partita.compiler.Compilation;
import dev.partita.dsl.tensor.TensorType;
import dev.partita.kernels.KernelLibraries;
import dev.partita.runtime.execute.Feed;
import dev.partita.runtime.execute.Session;
import dev.partita.runtime.execute.SessionOptions;
import dev.partita.runtime.state.HostTensor;

/// A plan that is open and fed, to be run over and over on the same examples.
public record TrainingStep(Session session) implements Contestant {
    private static final double LEARNING_RATE = 1e-3;

    /// Opens a plan with the fastest kernels, and feeds it numbers without meaning.
    ///
    /// @param classes labels and tokens are below this
    public static TrainingStep open(Compilation compilation, int classes) {
        Session session =
                Session.open(
                        compilation.plan(), new SessionOptions(KernelLibraries.cpu(), 1, true));
        Feed feed = session.feed();
        for (String input : feed.names()) {
            switch (input) {
                case "learning-rate" -> feed.put(input, LEARNING_RATE);
                case "step" -> feed.put(input, 1);
                default -> feed.put(input, pattern(feed.type(input), classes));
            }
        }
        return new TrainingStep(session);
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
            session.run();
        }
        return System.nanoTime() - start;
    }

    @Override
    public void close() {
        session.close();
    }
}
