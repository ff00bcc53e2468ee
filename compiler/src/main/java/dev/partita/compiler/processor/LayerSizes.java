package dev.partita.compiler.processor;

import dev.partita.dsl.annotation.Image;
import dev.partita.dsl.annotation.Tokens;
import dev.partita.dsl.layer.Attention;
import dev.partita.dsl.layer.Experts;
import dev.partita.dsl.layer.FeedForward;
import dev.partita.dsl.layer.Layer;
import java.lang.annotation.Annotation;
import java.util.Map;

/// Which member of an annotation holds the size of which dim.
final class LayerSizes {
    private LayerSizes() {}

    /// For each dim that an input names, the member.
    static Map<String, String> ofInput(Annotation input, String name) {
        return switch (input) {
            case Image _ -> Map.of("height", "height", "width", "width", "channel", "channels");
            case Tokens _ -> Map.of(name, "length", "vocab", "vocabulary");
            default -> Map.of(name, "value");
        };
    }

    /// For each dim that a layer names, the member.
    static Map<String, String> of(Annotation annotation, Layer layer) {
        return switch (layer) {
            case Attention attention ->
                    attention.groups() == attention.heads()
                            ? Map.of("heads", "heads")
                            : Map.of("heads", "groups", "queries", "heads");
            case FeedForward _ -> Map.of("ffn", "value");
            case Experts _ -> Map.of("expert", "count", "router", "count", "ffn", "hidden");
            case Layer other ->
                    switch (annotation) {
                        case dev.partita.dsl.annotation.Linear linear ->
                                Map.of(
                                        linear.dim().isEmpty() ? other.name() : linear.dim(),
                                        "value");
                        case dev.partita.dsl.annotation.Conv2d _ ->
                                Map.of(other.name(), "channels");
                        case dev.partita.dsl.annotation.Embedding _ ->
                                Map.of(other.name(), "value", "vocab", "vocabulary");
                        case dev.partita.dsl.annotation.Segments _ -> Map.of("segment", "value");
                        default -> Map.of();
                    };
        };
    }
}
