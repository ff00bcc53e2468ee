package dev.partita.runtime.state;

import static dev.partita.dsl.layer.Layers.adam;
import static dev.partita.dsl.layer.Layers.crossEntropy;
import static dev.partita.dsl.layer.Layers.features;
import static dev.partita.dsl.layer.Layers.linear;
import static dev.partita.dsl.layer.Layers.model;

import dev.partita.compiler.Compilation;
import dev.partita.compiler.plan.Binding;
import dev.partita.dsl.tensor.TensorType;
import dev.partita.runtime.execute.Session;
import java.nio.file.Path;

/// A program that writes checkpoint after checkpoint into a folder, with the step's number in every
/// weight, and says each number when it is written, until somebody ends it.
final class EndlessCheckpoints {
    private EndlessCheckpoints() {}

    public static void main(String[] arguments) {
        var net =
                model("mlp", features("x", 256))
                        .then(linear("hidden", 512))
                        .then(linear("classes", 4))
                        .loss(crossEntropy());
        Compilation compilation = Checkpoints.compile(net, "tensor=2", adam(1e-2));
        try (Session session = Checkpoints.open(compilation)) {
            for (long step = 1; ; step++) {
                long number = step;
                for (String name : session.names(Binding.Parameter.class)) {
                    TensorType type = session.readParameter(name).type();
                    session.writeParameter(name, HostTensor.generate(type, _ -> number));
                }
                Checkpoint.write(
                        Checkpoints.state(compilation, session, step), Path.of(arguments[0]));
                System.out.println(step);
            }
        }
    }
}
