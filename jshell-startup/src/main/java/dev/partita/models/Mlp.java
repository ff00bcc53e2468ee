package dev.partita.models;

import static dev.partita.dsl.layer.Layers.crossEntropy;
import static dev.partita.dsl.layer.Layers.flatten;
import static dev.partita.dsl.layer.Layers.image;
import static dev.partita.dsl.layer.Layers.linear;
import static dev.partita.dsl.layer.Layers.relu;

import dev.partita.dsl.layer.Layers;
import dev.partita.dsl.layer.Model;

/// The multilayer perceptron 784-512-512-10 on handwritten digits. Sharding `hidden` over an axis
/// splits the first two layers by columns and by rows, with one sum after the second.
public final class Mlp {
    private Mlp() {}

    public static Model model() {
        return Layers.model("mlp", image("pixels", 1, 28, 28))
                .then(flatten())
                .then(linear("hidden", 512))
                .then(relu())
                .then(linear("mixed", 512))
                .then(relu())
                .then(linear("classes", 10))
                .loss(crossEntropy());
    }
}
