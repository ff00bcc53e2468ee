package dev.partita.compiler.processor;

import dev.partita.dsl.annotation.Attention;
import dev.partita.dsl.annotation.AveragePool;
import dev.partita.dsl.annotation.BatchNorm;
import dev.partita.dsl.annotation.Conv2d;
import dev.partita.dsl.annotation.Dropout;
import dev.partita.dsl.annotation.Embedding;
import dev.partita.dsl.annotation.Experts;
import dev.partita.dsl.annotation.Features;
import dev.partita.dsl.annotation.FeedForward;
import dev.partita.dsl.annotation.Flatten;
import dev.partita.dsl.annotation.Gelu;
import dev.partita.dsl.annotation.Image;
import dev.partita.dsl.annotation.LayerNorm;
import dev.partita.dsl.annotation.Linear;
import dev.partita.dsl.annotation.MaxPool;
import dev.partita.dsl.annotation.Positions;
import dev.partita.dsl.annotation.Relu;
import dev.partita.dsl.annotation.RmsNorm;
import dev.partita.dsl.annotation.Segments;
import dev.partita.dsl.annotation.Silu;
import dev.partita.dsl.annotation.Softmax;
import dev.partita.dsl.annotation.SwiGlu;
import dev.partita.dsl.annotation.Tanh;
import dev.partita.dsl.annotation.TiedTo;
import dev.partita.dsl.annotation.Tokens;
import dev.partita.dsl.layer.Layer;
import dev.partita.dsl.layer.Layers;
import dev.partita.dsl.layer.ModelInput;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import java.lang.annotation.Annotation;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Which word of [Layers] each annotation of a component stands for.
final class LayerWords {
    private static final List<Class<? extends Annotation>> INPUTS =
            List.of(Image.class, Features.class, Tokens.class);

    /// Every annotation that is a layer.
    static final List<Class<? extends Annotation>> LAYERS =
            List.of(
                    Linear.class,
                    Conv2d.class,
                    Embedding.class,
                    TiedTo.class,
                    Positions.class,
                    Segments.class,
                    Attention.class,
                    FeedForward.class,
                    SwiGlu.class,
                    Experts.class,
                    RmsNorm.class,
                    LayerNorm.class,
                    BatchNorm.class,
                    AveragePool.class,
                    Relu.class,
                    Gelu.class,
                    Silu.class,
                    Tanh.class,
                    Softmax.class,
                    MaxPool.class,
                    Flatten.class,
                    Dropout.class);

    private static final Map<String, Class<? extends Annotation>> WORDS =
            Stream.concat(INPUTS.stream(), LAYERS.stream())
                    .collect(Collectors.toMap(Class::getCanonicalName, Function.identity()));

    private LayerWords() {}

    /// The annotation at a place, if it is the input or a layer.
    static Optional<Annotation> at(Place place) {
        return Optional.ofNullable(WORDS.get(place.typeName())).map(place.element()::getAnnotation);
    }

    static boolean isInput(Place place) {
        return INPUTS.stream().anyMatch(place::isA);
    }

    /// The input that an annotation of the component `name` says.
    static ModelInput input(Annotation annotation, String name) {
        return switch (annotation) {
            case Image i -> Layers.image(name, i.channels(), i.height(), i.width());
            case Features f -> Layers.features(name, f.value());
            case Tokens t -> Layers.tokens(name, t.length(), t.vocabulary());
            default -> throw new IllegalArgumentException("no input: " + annotation);
        };
    }

    /// The layer that an annotation says.
    ///
    /// @param naming makes its name from the one that the annotation gives, or from the component's
    static Layer layer(Annotation annotation, Naming naming) {
        return switch (annotation) {
            case Linear l -> linear(l, naming.called(l.name()));
            case Conv2d c -> {
                Layer.Biased layer =
                        Layers.conv2d(
                                naming.called(c.name()),
                                c.channels(),
                                c.kernel(),
                                c.stride(),
                                c.padding());
                yield c.bias() ? layer : layer.withoutBias();
            }
            case Embedding e -> embedding(e, naming.called(""));
            case TiedTo t -> Layers.tiedTo(t.value());
            case Positions p -> Layers.positions(naming.called(p.name()));
            case Segments s -> Layers.segments(naming.called(s.name()), s.value());
            case Attention a -> attention(a, naming.called(a.name()));
            case FeedForward f -> {
                var layer = Layers.feedForward(naming.called(f.name()), f.value());
                layer = hasTwo(f.normal()) ? layer.normal(f.normal()[0], f.normal()[1]) : layer;
                yield f.bias() ? layer : layer.withoutBias();
            }
            case SwiGlu s -> {
                var layer = Layers.swiGlu(naming.called(s.name()), s.value());
                yield hasTwo(s.normal()) ? layer.normal(s.normal()[0], s.normal()[1]) : layer;
            }
            case Experts e -> experts(e, naming.called(e.name()));
            case RmsNorm n -> Layers.rmsNorm(naming.called(n.name()));
            case LayerNorm n -> Layers.layerNorm(naming.called(n.name()));
            case BatchNorm n -> Layers.batchNorm(naming.called(n.name())).local(n.local());
            case AveragePool _ -> Layers.averagePool();
            case Relu _ -> Layers.relu();
            case Gelu _ -> Layers.gelu();
            case Silu _ -> Layers.silu();
            case Tanh _ -> Layers.tanh();
            case Softmax _ -> Layers.softmax();
            case MaxPool m ->
                    Layers.maxPool(m.value(), one("stride", m.stride()).orElse(m.value()));
            case Flatten _ -> Layers.flatten();
            case Dropout d -> Layers.dropout(d.value());
            default -> throw another(naming.component());
        };
    }

    private static RuntimeException another(String component) {
        return Problem.of(
                        ProblemCode.DUPLICATE_NAME,
                        "A sharded model has one input, its first component.")
                .fact("another", component)
                .fix("make it a layer, for example @Linear(10)")
                .exception();
    }

    private static Layer linear(Linear l, String name) {
        Layer.Biased layer =
                l.dim().isEmpty()
                        ? Layers.linear(name, l.value())
                        : Layers.linear(name, Layers.dim(l.dim(), l.value()));
        return l.bias() ? layer : layer.withoutBias();
    }

    private static Layer embedding(Embedding e, String name) {
        var vocabulary = one("vocabulary", e.vocabulary());
        var layer =
                vocabulary.isPresent()
                        ? Layers.embedding(name, e.value(), vocabulary.get())
                        : Layers.embedding(name, e.value());
        return layer.deviation(e.deviation());
    }

    private static Layer attention(Attention a, String name) {
        var layer = Layers.attention(name, a.heads());
        var groups = one("groups", a.groups());
        layer = groups.isPresent() ? layer.groups(groups.get()) : layer;
        layer = a.causal() ? layer.causal() : layer;
        layer = a.rotary() ? layer.rotary() : layer;
        layer = hasTwo(a.normal()) ? layer.normal(a.normal()[0], a.normal()[1]) : layer;
        return a.bias() ? layer : layer.withoutBias();
    }

    private static Layer experts(Experts e, String name) {
        var layer = Layers.experts(name, e.count(), e.hidden());
        var choices = one("topK", e.topK());
        layer = choices.isPresent() ? layer.topK(choices.get()) : layer;
        if (e.capacity().length > 0 && e.dropless()) {
            throw Problem.of(
                            ProblemCode.INVALID_ARGUMENT,
                            "Experts either have a capacity or drop nothing.")
                    .fact("layer", name)
                    .fact("capacity", e.capacity()[0])
                    .fix("one of capacity and dropless")
                    .exception();
        }
        layer = e.capacity().length > 0 ? layer.capacity(e.capacity()[0]) : layer;
        layer = e.dropless() ? layer.dropless() : layer;
        layer = layer.auxiliary(e.auxiliary());
        return e.swiGlu() ? layer.swiGlu() : layer;
    }

    /// The number of a member that may be left out.
    static Optional<Integer> one(String member, int[] values) {
        if (values.length > 1) {
            throw tooMany(member, values.length, "one number");
        }
        return values.length == 0 ? Optional.empty() : Optional.of(values[0]);
    }

    private static boolean hasTwo(double[] values) {
        if (values.length != 0 && values.length != 2) {
            throw tooMany("normal", values.length, "two numbers");
        }
        return values.length == 2;
    }

    private static RuntimeException tooMany(String member, int given, String wanted) {
        return Problem.of(
                        ProblemCode.INVALID_ARGUMENT,
                        "The member \"" + member + "\" takes " + wanted + ".")
                .fact("given", given)
                .fix(wanted + ", or leave it out")
                .exception();
    }
}
