package example;

import static dev.partita.compiler.CompileOptions.on;
import static dev.partita.dsl.layer.Layers.adam;
import static dev.partita.dsl.layer.Layers.crossEntropy;
import static dev.partita.dsl.layer.Layers.flatten;
import static dev.partita.dsl.layer.Layers.image;
import static dev.partita.dsl.layer.Layers.linear;
import static dev.partita.dsl.layer.Layers.model;
import static dev.partita.dsl.layer.Layers.relu;

import dev.partita.compiler.Compilation;
import dev.partita.compiler.Compiler;
import dev.partita.dsl.mesh.Mesh;

/// One plan from annotations, and one from words.
final class Plans {
    private Plans() {}

    static Compilation annotated() {
        return Compiler.compile(DigitsModel.model(), DigitsModel.options());
    }

    static Compilation fluent() {
        var net =
                model("mlp", image("pixels", 1, 28, 28))
                        .then(flatten())
                        .then(linear("hidden", 64))
                        .then(relu())
                        .then(linear("classes", 10))
                        .loss(crossEntropy());
        return Compiler.compile(
                net,
                on(Mesh.of("tensor", 2))
                        .shard("hidden")
                        .over("tensor")
                        .optimizer(adam(1e-3))
                        .batch(64));
    }
}
