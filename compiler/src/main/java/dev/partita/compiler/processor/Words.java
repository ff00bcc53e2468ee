package dev.partita.compiler.processor;

import dev.partita.dsl.annotation.AveragePool;
import dev.partita.dsl.annotation.BatchNorm;
import dev.partita.dsl.annotation.Conv2d;
import dev.partita.dsl.annotation.Dropout;
import dev.partita.dsl.annotation.Embedding;
import dev.partita.dsl.annotation.Experts;
import dev.partita.dsl.annotation.Features;
import dev.partita.dsl.annotation.Flatten;
import dev.partita.dsl.annotation.Gelu;
import dev.partita.dsl.annotation.Image;
import dev.partita.dsl.annotation.LayerNorm;
import dev.partita.dsl.annotation.Linear;
import dev.partita.dsl.annotation.MaxPool;
import dev.partita.dsl.annotation.Relu;
import dev.partita.dsl.annotation.ShardedModel;
import dev.partita.dsl.annotation.Softmax;
import dev.partita.dsl.annotation.Tanh;
import dev.partita.dsl.annotation.Tokens;
import dev.partita.dsl.layer.Layer;
import dev.partita.dsl.layer.Layers;
import dev.partita.dsl.layer.Loss;
import dev.partita.dsl.layer.ModelInput;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import java.lang.annotation.Annotation;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Which word of [Layers] each annotation stands for.
final class Words {
    private static final Map<String, Class<? extends Annotation>> TYPES =
            Stream.of(
                            Image.class,
                            Features.class,
                            Tokens.class,
                            Linear.class,
                            Conv2d.class,
                            Embedding.class,
                            Experts.class,
                            LayerNorm.class,
                            BatchNorm.class,
                            AveragePool.class,
                            Relu.class,
                            Gelu.class,
                            Tanh.class,
                            Softmax.class,
                            MaxPool.class,
                            Flatten.class,
                            Dropout.class)
                    .collect(Collectors.toMap(Class::getCanonicalName, Function.identity()));

    private Words() {}

    /// The annotation of this qualified name, if it is a word.
    static Optional<Class<? extends Annotation>> ofType(String name) {
        return Optional.ofNullable(TYPES.get(name));
    }

    static boolean isInput(Annotation annotation) {
        return annotation instanceof Image
                || annotation instanceof Features
                || annotation instanceof Tokens;
    }

    /// The input that an annotation of the component `name` says.
    static Said<ModelInput> input(Annotation annotation, String name) {
        return switch (annotation) {
            case Image i ->
                    Said.call(
                            Layers.image(name, i.channels(), i.height(), i.width()),
                            "image",
                            name,
                            i.channels(),
                            i.height(),
                            i.width());
            case Features f ->
                    Said.call(Layers.features(name, f.value()), "features", name, f.value());
            case Tokens t ->
                    Said.call(
                            Layers.tokens(name, t.length(), t.vocabulary()),
                            "tokens",
                            name,
                            t.length(),
                            t.vocabulary());
            default -> throw new IllegalArgumentException("no input: " + annotation);
        };
    }

    /// The layer that an annotation of the component `name` says.
    static Said<Layer> layer(Annotation annotation, String name) {
        return switch (annotation) {
            case Linear l -> Said.call(Layers.linear(name, l.value()), "linear", name, l.value());
            case Conv2d c ->
                    Said.call(
                            Layers.conv2d(name, c.channels(), c.kernel(), c.stride(), c.padding()),
                            "conv2d",
                            name,
                            c.channels(),
                            c.kernel(),
                            c.stride(),
                            c.padding());
            case Embedding e ->
                    Said.call(Layers.embedding(name, e.value()), "embedding", name, e.value());
            case Experts e -> experts(e, name);
            case LayerNorm _ -> Said.call(Layers.layerNorm(name), "layerNorm", name);
            case BatchNorm b -> batchNorm(b, name);
            case AveragePool _ -> Said.call(Layers.averagePool(), "averagePool");
            case Relu _ -> Said.call(Layers.relu(), "relu");
            case Gelu _ -> Said.call(Layers.gelu(), "gelu");
            case Tanh _ -> Said.call(Layers.tanh(), "tanh");
            case Softmax _ -> Said.call(Layers.softmax(), "softmax");
            case MaxPool m -> Said.call(Layers.maxPool(m.value()), "maxPool", m.value());
            case Flatten _ -> Said.call(Layers.flatten(), "flatten");
            case Dropout d -> Said.call(Layers.dropout(d.value()), "dropout", d.value());
            default ->
                    throw Problem.of(
                                    ProblemCode.DUPLICATE_NAME,
                                    "A sharded model has one input, its first component.")
                            .fact("another", name)
                            .fix("make it a layer, for example @Linear(10)")
                            .exception();
        };
    }

    private static Said<Layer> batchNorm(BatchNorm b, String name) {
        var layer = Layers.batchNorm(name);
        var said = Said.call(layer, "batchNorm", name);
        said = b.local() == 1 ? said : said.then(layer.local(b.local()), "local", b.local());
        return new Said<>(said.given(), said.code());
    }

    /// What the annotation leaves out is left out in the words as well.
    private static Said<Layer> experts(Experts e, String name) {
        var layer = Layers.experts(name, e.count(), e.hidden());
        var said = Said.call(layer, "experts", name, e.count(), e.hidden());
        said = said.then(said.given().topK(e.topK()), "topK", e.topK());
        said = said.then(said.given().auxiliary(e.auxiliary()), "auxiliary", e.auxiliary());
        if (e.capacity() != 0) {
            said = said.then(said.given().capacity(e.capacity()), "capacity", e.capacity());
        }
        if (e.dropless()) {
            said = said.then(said.given().dropless(), "dropless");
        }
        if (e.swiGlu()) {
            said = said.then(said.given().swiGlu(), "swiGlu");
        }
        return new Said<>(said.given(), said.code());
    }

    /// The member that holds the size of the dim that the component names, or nothing if it names
    /// none.
    static Optional<String> sizeMember(Annotation annotation) {
        return switch (annotation) {
            case Linear _, Embedding _, Features _ -> Optional.of("value");
            case Conv2d _ -> Optional.of("channels");
            case Tokens _ -> Optional.of("length");
            default -> Optional.empty();
        };
    }

    static Said<Loss> loss(ShardedModel.Loss loss) {
        return switch (loss) {
            case CROSS_ENTROPY -> Said.call(Layers.crossEntropy(), "crossEntropy");
            case MEAN_SQUARED -> Said.call(Layers.meanSquared(), "meanSquared");
        };
    }
}
