package dev.partita.example;

import static dev.partita.dsl.layer.Layers.averagePool;
import static dev.partita.dsl.layer.Layers.batchNorm;
import static dev.partita.dsl.layer.Layers.conv2d;
import static dev.partita.dsl.layer.Layers.crossEntropy;
import static dev.partita.dsl.layer.Layers.dim;
import static dev.partita.dsl.layer.Layers.dropout;
import static dev.partita.dsl.layer.Layers.embedding;
import static dev.partita.dsl.layer.Layers.features;
import static dev.partita.dsl.layer.Layers.flatten;
import static dev.partita.dsl.layer.Layers.gelu;
import static dev.partita.dsl.layer.Layers.image;
import static dev.partita.dsl.layer.Layers.layerNorm;
import static dev.partita.dsl.layer.Layers.linear;
import static dev.partita.dsl.layer.Layers.maxPool;
import static dev.partita.dsl.layer.Layers.meanSquared;
import static dev.partita.dsl.layer.Layers.model;
import static dev.partita.dsl.layer.Layers.positions;
import static dev.partita.dsl.layer.Layers.relu;
import static dev.partita.dsl.layer.Layers.residual;
import static dev.partita.dsl.layer.Layers.rmsNorm;
import static dev.partita.dsl.layer.Layers.segments;
import static dev.partita.dsl.layer.Layers.sequential;
import static dev.partita.dsl.layer.Layers.softmax;
import static dev.partita.dsl.layer.Layers.swiGlu;
import static dev.partita.dsl.layer.Layers.tanh;
import static dev.partita.dsl.layer.Layers.tiedTo;
import static dev.partita.dsl.layer.Layers.tokens;

import dev.partita.dsl.layer.Attention;
import dev.partita.dsl.layer.Experts;
import dev.partita.dsl.layer.Layer;
import dev.partita.dsl.layer.Layers;
import dev.partita.dsl.layer.Loss;
import dev.partita.dsl.layer.Model;
import java.util.List;
import java.util.function.Function;

/// A small network of one of the families, drawn layer by layer.
final class RandomModel {
    /// The families, as often as they are to be drawn.
    private static final List<Function<RandomModel, Model>> FAMILIES =
            List.of(
                    RandomModel::perceptron,
                    RandomModel::convolutions,
                    RandomModel::text,
                    RandomModel::transformer,
                    RandomModel::transformer);

    private final Draw draw;

    /// Of which each batch norm takes its own statistics.
    private final int groups;

    private RandomModel(Draw draw, int groups) {
        this.draw = draw;
        this.groups = groups;
    }

    static Model of(Draw draw, Draw groups) {
        return draw.pick(FAMILIES).apply(new RandomModel(draw, groups.pick(1, 1, 2, 4)));
    }

    private Model perceptron() {
        return end(body(model("mlp", features("x", draw.pick(4, 6, 12))), 1 + draw.below(3)));
    }

    private Model text() {
        Model net =
                model("text", tokens("position", draw.pick(4, 6), 12))
                        .then(embedding("model", draw.pick(4, 8, 12)));
        return end(body(net, 1 + draw.below(2)));
    }

    private Model transformer() {
        int width = draw.pick(8, 12);
        Model net =
                model("transformer", tokens("sequence", draw.pick(4, 6, 8), 12))
                        .then(embedding("model", width).deviation(0.5));
        if (draw.either()) {
            net = net.then(positions("positions"));
        }
        if (draw.once(3)) {
            net = net.then(segments("segment", draw.pick(2, 4)));
        }
        boolean normsBehind = draw.once(4);
        for (int i = 1; i <= 1 + draw.below(2); i++) {
            Layer mixed = sequential(attention(i, width), maybe(dropout(0.2)));
            net = block(net, normsBehind, norm("norm-a" + i), mixed);
            Layer each = draw.once(3) ? experts(i) : feedForward(i);
            net = block(net, normsBehind, norm("norm-b" + i), each);
        }
        net = net.then(norm("norm"));
        return switch (draw.below(4)) {
            case 0 -> net.then(linear("head", dim("vocab", 12))).loss(meanSquared());
            case 1 -> net.then(linear("head", dim("vocab", 12))).loss(crossEntropy());
            case 2 -> net.then(tiedTo("model")).loss(crossEntropy().ignoring(-100));
            default -> net.then(tiedTo("model")).loss(crossEntropy().labelSmoothing(0.1));
        };
    }

    private static Model block(Model net, boolean normBehind, Layer norm, Layer part) {
        return normBehind ? net.then(residual(part)).then(norm) : net.then(residual(norm, part));
    }

    private Layer norm(String name) {
        return draw.either() ? layerNorm(name) : rmsNorm(name);
    }

    private Layer attention(int i, int width) {
        int heads = draw.pick(2, width / 2);
        Attention layer = Layers.attention("attention" + i, heads).groups(draw.pick(1, 2));
        layer = draw.either() ? layer.causal() : layer;
        layer = draw.either() ? layer.rotary() : layer;
        layer = draw.once(3) ? layer.normal(0.3, 0.2) : layer;
        return draw.either() ? layer.withoutBias() : layer;
    }

    private Layer feedForward(int i) {
        return draw.either()
                ? Layers.feedForward("mlp" + i, draw.pick(4, 12))
                : swiGlu("mlp" + i, draw.pick(4, 6));
    }

    private Layer experts(int i) {
        int count = draw.pick(2, 4, 4, 6);
        Experts layer =
                Layers.experts("experts" + i, count, draw.pick(4, 6))
                        .topK(Math.min(count, draw.pick(1, 2, 2, 6)))
                        .auxiliary(draw.pick(0, 1));
        layer = draw.either() ? layer.swiGlu() : layer;
        return draw.once(4) ? layer.dropless() : layer.capacity(draw.pick(1, 2, 3) / 2.0);
    }

    private Layer maybe(Layer layer) {
        return draw.either() ? layer : sequential();
    }

    private Model convolutions() {
        Model net = model("convnet", image("pixels", draw.pick(1, 2, 4), 8, 8));
        Layer.Biased c1 = conv2d("c1", draw.pick(4, 6, 8), 3);
        net =
                draw.once(3)
                        ? net.then(c1.withoutBias()).then(batchNorm("n1").local(groups))
                        : net.then(c1);
        net = net.then(relu());
        if (draw.either()) {
            net = net.then(maxPool(2));
        }
        if (draw.either()) {
            net = net.then(conv2d("c2", draw.pick(2, 4, 12), 3, 1, 1)).then(relu());
        }
        if (draw.once(4)) {
            net = net.then(projected(draw.pick(4, 6))).then(relu());
        }
        return end(body(net.then(draw.once(4) ? averagePool() : flatten()), draw.below(2)));
    }

    /// A residual layer as those of ResNet that halve the image. (No weight adds the same to all
    /// examples on a linear way to a batch norm: its gradient would be rounding errors alone.)
    private Layer projected(int channels) {
        return residual(
                        conv2d("c3", channels, 3, 2, 1).withoutBias(),
                        batchNorm("n3").local(groups),
                        relu())
                .shortcut(
                        conv2d("c4", channels, 1, 2, 0).withoutBias(),
                        batchNorm("n4").local(groups));
    }

    private Model body(Model start, int layers) {
        Model net = start;
        for (int i = 1; i <= layers; i++) {
            Layer.Biased hidden = linear("hidden" + i, draw.pick(4, 6, 8, 12));
            if (draw.once(8)) {
                net = i > 1 ? net.then(tanh()) : net;
                net =
                        net.then(hidden.withoutBias())
                                .then(batchNorm("norm" + i).local(groups))
                                .then(relu());
                continue;
            }
            net = net.then(hidden);
            net =
                    net.then(
                            switch (draw.below(7)) {
                                case 0 -> gelu();
                                case 1 -> layerNorm("norm" + i);
                                case 2 -> dropout(0.3);
                                case 3 -> softmax();
                                case 4 -> residual(inner(i));
                                case 5 -> tanh();
                                default -> relu();
                            });
        }
        return net;
    }

    private Layer[] inner(int i) {
        return draw.either()
                ? new Layer[] {layerNorm("norm" + i), gelu()}
                : new Layer[] {relu(), dropout(0.2)};
    }

    private Model end(Model net) {
        Model whole = net.then(linear("classes", draw.pick(4, 6, 12)));
        return whole.loss(loss());
    }

    private Loss loss() {
        return switch (draw.below(6)) {
            case 0 -> meanSquared();
            case 1 -> meanSquared().summedOver("classes");
            case 2 -> crossEntropy().summedOver("batch");
            case 3 -> crossEntropy().ignoring(-100);
            case 4 -> crossEntropy().ignoring(3).labelSmoothing(0.2);
            default -> crossEntropy();
        };
    }
}
