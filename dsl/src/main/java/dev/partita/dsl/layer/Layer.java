package dev.partita.dsl.layer;

import dev.partita.dsl.graph.Value;

/// A step of a network from one tensor to the next. Those of [Layers] are all that can be written
/// as an annotation, see [Spelling]; a layer of one's own is a [Layer.Own].
public sealed interface Layer
        permits Layer.Biased,
                Layer.Skipping,
                Layer.Own,
                Activation,
                AveragePool,
                BatchNormalization,
                Dropout,
                Embedding,
                Experts,
                Flatten,
                LayerNorm,
                MaxPool,
                Positions,
                RmsNorm,
                Segments,
                Sequential,
                Softmax,
                Tied {
    /// The user's name for it, or empty: then the model calls it by its kind and a number, `relu1`.
    default String name() {
        return "";
    }

    /// What sort of layer it is, in one word: `max-pool`.
    String kind();

    /// Adds the layer to the graph.
    ///
    /// @return its result
    Value apply(Tracer trace, Value x);

    /// True if `x` may hold token ids (`i32`) instead of numbers.
    default boolean takesIds() {
        return false;
    }

    /// A layer that adds a trained bias to its result.
    sealed interface Biased extends Layer permits Attention, Convolution, FeedForward, Linear {
        /// The same layer with no bias.
        Layer withoutBias();
    }

    /// A layer that adds what it is given to its result.
    sealed interface Skipping extends Layer permits Residual {
        /// The same layer, which adds instead what these layers make of what it is given.
        Layer shortcut(Layer... layers);
    }

    /// A layer that a user wrote: it implements [#kind] and [#apply] and is used like any other.
    non-sealed interface Own extends Layer {}
}
