package dev.partita.runtime.train;

import dev.partita.compiler.Compilation;
import dev.partita.compiler.plan.Binding;
import dev.partita.kernels.KernelLibrary;
import dev.partita.runtime.data.Batches;
import dev.partita.runtime.data.Dataset;
import dev.partita.runtime.data.DistributedSampler;
import dev.partita.runtime.data.Remainder;
import dev.partita.runtime.execute.Session;
import dev.partita.runtime.execute.SessionOptions;
import dev.partita.runtime.state.HostTensor;

/// Runs the forward pass of a model over a data set and counts right answers. The last batch is
/// padded; padding does not count.
final class Evaluator implements AutoCloseable {
    private final Dataset dataset;
    private final Session session;
    private final ExampleFeed examples;
    private final DistributedSampler sampler;

    Evaluator(Compilation compilation, Dataset dataset, KernelLibrary kernels) {
        this.dataset = dataset;
        session = Session.open(compilation.forward().plan(), new SessionOptions(kernels, 0));
        try {
            examples = ExampleFeed.of(session.plan(), dataset);
            sampler =
                    new DistributedSampler(
                            dataset.size(), examples.batch(), examples.replicas(), Remainder.PAD);
        } catch (Throwable e) {
            session.close();
            throw e;
        }
    }

    /// Share of the examples whose largest prediction is their label, with the weights and running
    /// averages of `trained`.
    double accuracy(Session trained) {
        for (String name : session.names(Binding.Parameter.class)) {
            session.writeParameter(name, trained.readParameter(name));
        }
        for (String name : session.names(Binding.State.class)) {
            session.writeState(name, trained.readState(name));
        }
        int right = 0;
        try (var batches = Batches.inOrder(dataset, sampler)) {
            for (int first = 0; first < dataset.size(); first += sampler.batch()) {
                examples.fill(session.feed(), batches.next());
                session.run();
                right += countRight(first);
            }
        }
        return (double) right / dataset.size();
    }

    private int countRight(int first) {
        HostTensor prediction = session.gather("prediction");
        long classes = prediction.elements() / sampler.batch();
        int right = 0;
        for (int i = 0; i < sampler.batch() && first + i < dataset.size(); i++) {
            long best = prediction.indexOfMax(i * classes, classes) - i * classes;
            right += best == dataset.label(first + i) ? 1 : 0;
        }
        return right;
    }

    @Override
    public void close() {
        session.close();
    }
}
