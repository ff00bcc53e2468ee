package dev.partita.dsl.layer;

import dev.partita.dsl.annotation.Conv2d;
import dev.partita.dsl.annotation.Gelu;
import dev.partita.dsl.annotation.Relu;
import dev.partita.dsl.annotation.Silu;
import dev.partita.dsl.annotation.SwiGlu;
import dev.partita.dsl.annotation.Tanh;
import dev.partita.dsl.annotation.TiedTo;
import dev.partita.dsl.graph.Elementwise;
import java.lang.annotation.Annotation;

/// Which annotation says the same as a word. A new layer does not compile until it has one.
public final class AnnotationOf {
    private AnnotationOf() {}

    /// The annotation of a layer; of layers in a row that of a repeated record.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `Unsupported` for what has none
    public static Class<? extends Annotation> layer(Layer layer) {
        return switch (layer) {
            case Activation activation -> function(activation.function());
            case Attention _ -> dev.partita.dsl.annotation.Attention.class;
            case AveragePool _ -> dev.partita.dsl.annotation.AveragePool.class;
            case BatchNormalization _ -> dev.partita.dsl.annotation.BatchNorm.class;
            case Convolution _ -> Conv2d.class;
            case Dropout _ -> dev.partita.dsl.annotation.Dropout.class;
            case Embedding _ -> dev.partita.dsl.annotation.Embedding.class;
            case Experts _ -> dev.partita.dsl.annotation.Experts.class;
            case FeedForward f ->
                    f.gated() ? SwiGlu.class : dev.partita.dsl.annotation.FeedForward.class;
            case Flatten _ -> dev.partita.dsl.annotation.Flatten.class;
            case LayerNorm _ -> dev.partita.dsl.annotation.LayerNorm.class;
            case Linear _ -> dev.partita.dsl.annotation.Linear.class;
            case MaxPool _ -> dev.partita.dsl.annotation.MaxPool.class;
            case Positions _ -> dev.partita.dsl.annotation.Positions.class;
            case Residual _ -> dev.partita.dsl.annotation.Residual.class;
            case RmsNorm _ -> dev.partita.dsl.annotation.RmsNorm.class;
            case Segments _ -> dev.partita.dsl.annotation.Segments.class;
            case Sequential _ -> dev.partita.dsl.annotation.Times.class;
            case Softmax _ -> dev.partita.dsl.annotation.Softmax.class;
            case Tied _ -> TiedTo.class;
            case Layer.Own own -> throw Spelling.unspelled("layer", own.kind());
        };
    }

    private static Class<? extends Annotation> function(Elementwise.Unary function) {
        return switch (function) {
            case Elementwise.Relu _ -> Relu.class;
            case Elementwise.Gelu _ -> Gelu.class;
            case Elementwise.Silu _ -> Silu.class;
            case Elementwise.Tanh _ -> Tanh.class;
            case Elementwise.SquareRoot _,
                    Elementwise.ClipFactor _,
                    Elementwise.Reciprocal _,
                    Elementwise.MeanWeight _,
                    Elementwise.Scale _ ->
                    throw Spelling.unspelled("function", function.toString());
        };
    }

    public static Class<? extends Annotation> input(ModelInput input) {
        return switch (input) {
            case ModelInput.Image _ -> dev.partita.dsl.annotation.Image.class;
            case ModelInput.Features _ -> dev.partita.dsl.annotation.Features.class;
            case ModelInput.Tokens _ -> dev.partita.dsl.annotation.Tokens.class;
        };
    }

    public static Class<? extends Annotation> loss(Loss loss) {
        return switch (loss) {
            case Loss.CrossEntropy _ -> dev.partita.dsl.annotation.CrossEntropy.class;
            case Loss.MeanSquared _ -> dev.partita.dsl.annotation.MeanSquared.class;
        };
    }

    public static Class<? extends Annotation> optimizer(Optimizer optimizer) {
        return switch (optimizer) {
            case Optimizer.Sgd _ -> dev.partita.dsl.annotation.Sgd.class;
            case Optimizer.Adam adam ->
                    adam.decoupled()
                            ? dev.partita.dsl.annotation.AdamW.class
                            : dev.partita.dsl.annotation.Adam.class;
        };
    }
}
