package dev.partita.runtime.execute;

import static dev.partita.dsl.layer.Layers.crossEntropy;
import static dev.partita.dsl.layer.Layers.features;
import static dev.partita.dsl.layer.Layers.linear;
import static dev.partita.dsl.layer.Layers.model;
import static dev.partita.dsl.layer.Layers.relu;

import dev.partita.dsl.layer.Model;
import dev.partita.runtime.state.HostTensor;
import java.util.Random;

/// A network of equal layers, to be cut into stages, and an example for it.
final class DeepNets {
    private DeepNets() {}

    static Model ofEightLayers() {
        Model net = model("deep", features("x", 32));
        for (int i = 1; i <= 8; i++) {
            net = net.then(linear("layer" + i, 32)).then(relu());
        }
        return net.then(linear("classes", 4)).loss(crossEntropy());
    }

    static void fill(Feed feed) {
        var random = new Random(1);
        feed.put("x", HostTensor.generate(feed.type("x"), _ -> random.nextGaussian()));
        feed.put("labels", HostTensor.generate(feed.type("labels"), _ -> random.nextInt(4)));
        feed.put("learning-rate", 1e-2);
        if (feed.has("step")) {
            feed.put("step", 1.0);
        }
    }
}
