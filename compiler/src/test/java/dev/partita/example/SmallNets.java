package dev.partita.example;

import static dev.partita.dsl.layer.Layers.conv2d;
import static dev.partita.dsl.layer.Layers.crossEntropy;
import static dev.partita.dsl.layer.Layers.dim;
import static dev.partita.dsl.layer.Layers.features;
import static dev.partita.dsl.layer.Layers.flatten;
import static dev.partita.dsl.layer.Layers.image;
import static dev.partita.dsl.layer.Layers.linear;
import static dev.partita.dsl.layer.Layers.maxPool;
import static dev.partita.dsl.layer.Layers.model;
import static dev.partita.dsl.layer.Layers.relu;

import dev.partita.dsl.layer.Model;

/// Small networks that the compiler's tests place in many ways.
public final class SmallNets {
    private SmallNets() {}

    /// Two linear layers with relu between, for cross-entropy.
    public static Model mlp() {
        return model("mlp", features("x", 6))
                .then(linear("hidden", 8))
                .then(relu())
                .then(linear("classes", 4))
                .loss(crossEntropy());
    }

    /// Pairs of linear layers that a tensor axis splits, with a sum after each.
    public static Model deep(int pairs) {
        Model net = model("deep", features("x", 8));
        for (int i = 0; i < pairs; i++) {
            net =
                    net.then(linear("up" + i, dim("hidden", 8)))
                            .then(relu())
                            .then(linear("down" + i, dim("model", 8)))
                            .then(relu());
        }
        return net.then(linear("classes", 4)).loss(crossEntropy());
    }

    /// The network of the main road, smaller.
    public static Model convnet() {
        return model("convnet", image("pixels", 1, 12, 12))
                .then(conv2d("c1", 4, 3))
                .then(relu())
                .then(maxPool(2))
                .then(conv2d("c2", 8, 3))
                .then(relu())
                .then(flatten())
                .then(linear("hidden", 16))
                .then(relu())
                .then(linear("classes", 4))
                .loss(crossEntropy());
    }
}
