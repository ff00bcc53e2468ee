package dev.partita.models;

import static dev.partita.dsl.layer.Layers.averagePool;
import static dev.partita.dsl.layer.Layers.batchNorm;
import static dev.partita.dsl.layer.Layers.conv2d;
import static dev.partita.dsl.layer.Layers.crossEntropy;
import static dev.partita.dsl.layer.Layers.image;
import static dev.partita.dsl.layer.Layers.linear;
import static dev.partita.dsl.layer.Layers.relu;
import static dev.partita.dsl.layer.Layers.residual;

import dev.partita.dsl.layer.Layer;
import dev.partita.dsl.layer.Layers;
import dev.partita.dsl.layer.Model;
import dev.partita.dsl.layer.ModelInput;

/// The residual network of 18 layers ([He et al. 2016](https://doi.org/10.1109/CVPR.2016.90)) for
/// small images: a 3x3 stem that halves nothing instead of the 7x7 and the pooling for 224x224, as
/// is usual for 28x28 and 32x32.
///
/// In f32, of some hundred thousand rectified numbers a few lie so near to zero that rounding
/// decides, and each of these changes a gradient by more than rounding: a proof looks closer then.
///
/// @param width channels of the first pair of blocks; the others have 2, 4 and 8 times as many
/// @param groups stretches of a batch that batch norm takes the statistics of; 1 for the whole
public record ResNet18(ModelInput images, long width, long classes, int groups) {
    /// For handwritten digits, with batch norm of the whole batch: 11.2 million parameters.
    public static Model model() {
        return of(image("pixels", 1, 28, 28), 64, 10);
    }

    /// With batch norm of the whole batch.
    public static Model of(ModelInput images, long width, long classes) {
        return new ResNet18(images, width, classes, 1).network();
    }

    /// The stem, four pairs of blocks, and the classes.
    public Model network() {
        Model net =
                Layers.model("resnet18", images)
                        .then(conv2d("stem", width, 3, 1, 1).withoutBias())
                        .then(norm("stem-norm"))
                        .then(relu());
        for (int stage = 0; stage < 4; stage++) {
            int stride = stage == 0 ? 1 : 2;
            net =
                    net.then(block("s" + (stage + 1) + "a", width << stage, stride))
                            .then(relu())
                            .then(block("s" + (stage + 1) + "b", width << stage, 1))
                            .then(relu());
        }
        return net.then(averagePool()).then(linear("classes", classes)).loss(crossEntropy());
    }

    /// Two convolutions around what skips them; where the image is halved, a 1x1 convolution halves
    /// the shortcut too.
    private Layer block(String name, long channels, int stride) {
        Layer.Skipping block =
                residual(
                        conv2d(name + "1", channels, 3, stride, 1).withoutBias(),
                        norm(name + "1-norm"),
                        relu(),
                        conv2d(name + "2", channels, 3, 1, 1).withoutBias(),
                        norm(name + "2-norm"));
        return stride == 1
                ? block
                : block.shortcut(
                        conv2d(name + "-skip", channels, 1, stride, 0).withoutBias(),
                        norm(name + "-skip-norm"));
    }

    private Layer norm(String name) {
        return batchNorm(name).local(groups);
    }
}
