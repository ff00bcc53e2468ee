package dev.partita.runtime.train;

import dev.partita.compiler.Compilation;
import dev.partita.compiler.plan.Binding;
import dev.partita.kernels.KernelLibrary;
import dev.partita.runtime.data.Batches;
import dev.partita.runtime.data.Dataset;
import dev.partita.runtime.data.DistributedSampler;
import dev.partita.runtime.data.Examples;
import dev.partita.runtime.data.Remainder;
import dev.partita.runtime.data.TextDataset;
import dev.partita.runtime.execute.Session;
import dev.partita.runtime.execute.SessionOptions;
import dev.partita.runtime.state.HostTensor;

/// Runs the forward pass of a model over examples and counts right answers, or for a text adds up
/// the loss. The last batch is padded; padding does not count.
final class Evaluator implements AutoCloseable {
    private final Examples dataset;
    private final Session session;
    private final ExampleFeed examples;
    private final DistributedSampler sampler;

    Evaluator(Compilation compilation, Examples dataset, KernelLibrary kernels) {
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

    /// What the forward pass runs in.
    Session session() {
        return session;
    }

    /// With the weights and running averages of `trained`: of labelled examples the share whose
    /// largest prediction is their label, of a text the mean of `-log(probability)` of each
    /// character.
    double measure(Session trained) {
        for (String name : session.names(Binding.Parameter.class)) {
            session.writeParameter(name, trained.readParameter(name));
        }
        for (String name : session.names(Binding.State.class)) {
            session.writeState(name, trained.readState(name));
        }
        double sum = 0;
        try (var batches = Batches.inOrder(dataset, sampler)) {
            for (int first = 0; first < dataset.size(); first += sampler.batch()) {
                examples.fill(session.feed(), batches.next());
                session.run();
                HostTensor prediction = session.gather("prediction");
                int count = Math.min(sampler.batch(), dataset.size() - first);
                sum +=
                        switch (dataset) {
                            case Dataset labelled -> right(labelled, prediction, first, count);
                            case TextDataset text -> losses(text, prediction, first, count);
                        };
            }
        }
        return sum / ((double) dataset.size() * dataset.labels());
    }

    private int right(Dataset labelled, HostTensor prediction, int first, int count) {
        long classes = prediction.elements() / sampler.batch();
        int right = 0;
        for (int i = 0; i < count; i++) {
            long best = prediction.indexOfMax(i * classes, classes) - i * classes;
            right += best == labelled.label(first + i) ? 1 : 0;
        }
        return right;
    }

    private double losses(TextDataset text, HostTensor logits, int first, int count) {
        int length = text.labels();
        long classes = logits.elements() / sampler.batch() / length;
        double sum = 0;
        for (int i = 0; i < count; i++) {
            for (int position = 0; position < length; position++) {
                long row = ((long) i * length + position) * classes;
                double max = logits.get(logits.indexOfMax(row, classes));
                double total = 0;
                for (long c = row; c < row + classes; c++) {
                    total += Math.exp(logits.get(c) - max);
                }
                double own = logits.get(row + text.label(first + i, position));
                sum += max + Math.log(total) - own;
            }
        }
        return sum;
    }

    @Override
    public void close() {
        session.close();
    }
}
