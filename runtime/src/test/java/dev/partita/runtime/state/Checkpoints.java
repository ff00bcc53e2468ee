package dev.partita.runtime.state;

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
import dev.partita.dsl.layer.Optimizer;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.kernels.KernelLibraries;
import dev.partita.runtime.execute.Session;
import dev.partita.runtime.execute.SessionOptions;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/// Small checkpoints to be read, broken and interrupted.
final class Checkpoints {
    private static final SessionOptions OPTIONS =
            new SessionOptions(KernelLibraries.reference(), 3);

    private Checkpoints() {}

    static Model mlp() {
        return model("mlp", features("x", 12))
                .then(linear("hidden", 8))
                .then(relu())
                .then(linear("classes", 4))
                .loss(crossEntropy());
    }

    static Compilation compile(Model net, String mesh, Optimizer optimizer) {
        var options = on(Mesh.parse(mesh)).batch(8).optimizer(optimizer);
        if (options.mesh().has("tensor")) {
            options = options.shard("hidden").over("tensor");
        }
        return Compiler.compile(net, options);
    }

    static Compilation compile(String mesh) {
        return compile(mlp(), mesh, adam(1e-2));
    }

    /// A session with its first weights.
    static Session open(Compilation compilation) {
        return Session.open(compilation.plan(), OPTIONS);
    }

    static TrainingState state(Compilation compilation, Session session, long step) {
        var point = new TrainingPoint(step, 3, 0, 0, 8, "numbers", "8 examples", 0, "adam", "none");
        return new TrainingState(
                compilation,
                point,
                Optional.of(new BestTest(0.5, step, 0)),
                Map.of("hidden.bias", session.readParameter("hidden.bias")),
                Optional.of("\n ab"),
                session.held());
    }

    /// Writes first weights as if they were those after `step`.
    static void write(Path run, String mesh, long step) {
        Compilation compilation = compile(mesh);
        try (Session session = open(compilation)) {
            Checkpoint.write(state(compilation, session, step), run);
        }
    }
}
