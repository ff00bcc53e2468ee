package dev.partita.shell.command;

import dev.partita.compiler.Compilation;
import dev.partita.dsl.tensor.TensorType;
import dev.partita.kernels.KernelLibrary;
import dev.partita.runtime.execute.Feed;
import dev.partita.runtime.execute.Session;
import dev.partita.runtime.execute.SessionOptions;
import dev.partita.runtime.state.HostTensor;

/// A plan that is open and fed, to be run over and over on the same examples.
record TrainingStep(Session session) implements AutoCloseable {
    static TrainingStep open(Compilation compilation, KernelLibrary library) {
        Session session = Session.open(compilation.plan(), new SessionOptions(library, 1));
        Feed feed = session.feed();
        for (String input : feed.names()) {
            switch (input) {
                case "learning-rate" -> feed.put(input, 1e-3);
                case "step" -> feed.put(input, 1);
                default -> feed.put(input, pattern(feed.type(input)));
            }
        }
        return new TrainingStep(session);
    }

    void step() {
        session.run();
    }

    /// Numbers between 0 and 1, and labels among the first ten classes, in an order without
    /// meaning.
    private static HostTensor pattern(TensorType type) {
        return HostTensor.generate(
                type, i -> type.dtype().isFloating() ? i * 7919 % 256 / 256.0 : i * 7919 % 10);
    }

    @Override
    public void close() {
        session.close();
    }
}
