package dev.partita.runtime.train;

import dev.partita.compiler.Compilation;
import dev.partita.compiler.plan.Binding;
import dev.partita.kernels.KernelLibrary;
import dev.partita.runtime.data.Batch;
import dev.partita.runtime.data.Batches;
import dev.partita.runtime.data.Dataset;
import dev.partita.runtime.data.DistributedSampler;
import dev.partita.runtime.data.Examples;
import dev.partita.runtime.data.Remainder;
import dev.partita.runtime.data.TextDataset;
import dev.partita.runtime.execute.Session;
import dev.partita.runtime.execute.SessionOptions;
import dev.partita.runtime.state.HostTensor;
import java.lang.foreign.ValueLayout;

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
        long counted = 0;
        try (var batches = Batches.inOrder(dataset, sampler)) {
            for (int first = 0; first < dataset.size(); first += sampler.batch()) {
                Batch batch = batches.next();
                examples.fill(session.feed(), batch);
                session.run();
                HostTensor prediction = session.gather("prediction");
                int count = Math.min(sampler.batch(), dataset.size() - first) * dataset.labels();
                for (int row = 0; row < count; row++) {
                    int label = batch.labels().getAtIndex(ValueLayout.JAVA_INT, row);
                    if (dataset.ignored().isEmpty() || label != dataset.ignored().getAsInt()) {
                        counted++;
                        sum += measure(prediction, row, label);
                    }
                }
            }
        }
        return sum / counted;
    }

    /// What one label adds to the measure.
    private double measure(HostTensor prediction, int row, int label) {
        long classes = prediction.elements() / sampler.batch() / dataset.labels();
        long first = row * classes;
        return switch (dataset) {
            case Dataset _ -> prediction.indexOfMax(first, classes) - first == label ? 1 : 0;
            case TextDataset _ -> loss(prediction, first, classes, label);
        };
    }

    private static double loss(HostTensor logits, long first, long classes, int label) {
        double max = logits.get(logits.indexOfMax(first, classes));
        double total = 0;
        for (long c = first; c < first + classes; c++) {
            total += Math.exp(logits.get(c) - max);
        }
        return max + Math.log(total) - logits.get(first + label);
    }

    @Override
    public void close() {
        session.close();
    }
}
