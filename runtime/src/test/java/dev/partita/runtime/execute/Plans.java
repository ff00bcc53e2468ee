package dev.partita.runtime.execute;

import static dev.partita.compiler.CompileOptions.on;
import static dev.partita.dsl.layer.Layers.adam;
import static dev.partita.dsl.layer.Layers.crossEntropy;
import static dev.partita.dsl.layer.Layers.features;
import static dev.partita.dsl.layer.Layers.linear;
import static dev.partita.dsl.layer.Layers.model;
import static dev.partita.dsl.layer.Layers.relu;

import dev.partita.compiler.Compilation;
import dev.partita.compiler.Compiler;
import dev.partita.dsl.layer.Model;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.kernels.KernelLibraries;
import dev.partita.runtime.state.HostTensor;
import java.util.Random;

/// A small network, placed in several ways, and examples for it.
final class Plans {
    static final SessionOptions REFERENCE = new SessionOptions(KernelLibraries.reference(), 1);

    private Plans() {}

    static Model mlp() {
        return model("mlp", features("x", 12))
                .then(linear("hidden", 16))
                .then(relu())
                .then(linear("classes", 4))
                .loss(crossEntropy());
    }

    /// The network over `mesh`, the batch sharded over `data` and the hidden dim over `tensor`,
    /// where it has them.
    static Compilation compile(Mesh mesh, Dtype dtype) {
        var options = on(mesh).batch(8).dtype(dtype).optimizer(adam(1e-2)).keepingGradients();
        if (mesh.has("data")) {
            options = options.shard("batch").over("data");
        }
        if (mesh.has("tensor")) {
            options = options.shard("hidden").over("tensor");
        }
        return Compiler.compile(mlp(), options);
    }

    /// The examples of a step, a function of its number.
    static void fill(Feed feed, int step) {
        var random = new Random(step);
        feed.put("x", HostTensor.generate(feed.type("x"), _ -> random.nextGaussian()));
        feed.put("labels", HostTensor.generate(feed.type("labels"), _ -> random.nextInt(4)));
        feed.put("learning-rate", 1e-2).put("step", step);
    }

    static void run(Session session, int steps) {
        for (int step = 1; step <= steps; step++) {
            fill(session.feed(), step);
            session.run();
        }
    }
}
