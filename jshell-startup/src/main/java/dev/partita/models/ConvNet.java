package dev.partita.models;

import static dev.partita.dsl.layer.Layers.conv2d;
import static dev.partita.dsl.layer.Layers.crossEntropy;
import static dev.partita.dsl.layer.Layers.flatten;
import static dev.partita.dsl.layer.Layers.image;
import static dev.partita.dsl.layer.Layers.linear;
import static dev.partita.dsl.layer.Layers.maxPool;
import static dev.partita.dsl.layer.Layers.relu;

import dev.partita.dsl.layer.Layers;
import dev.partita.dsl.layer.Model;

/// Two convolutions and two fully connected layers for handwritten digits, after LeNet-5 ([LeCun et
/// al. 1998](https://doi.org/10.1109/5.726791)) with today's activations and pooling.
public final class ConvNet {
    private ConvNet() {}

    public static Model model() {
        return Layers.model("convnet", image("pixels", 1, 28, 28))
                .then(conv2d("c1", 32, 3))
                .then(relu())
                .then(maxPool(2))
                .then(conv2d("c2", 64, 3))
                .then(relu())
                .then(maxPool(2))
                .then(flatten())
                .then(linear("hidden", 256))
                .then(relu())
                .then(linear("classes", 10))
                .loss(crossEntropy());
    }
}
