package dev.partita.runtime.data;

import dev.partita.dsl.tensor.Dtype;
import dev.partita.dsl.tensor.Shape;
import java.util.OptionalInt;

/// What a model is trained on and tested with: labelled examples, or windows of a text. Immutable,
/// and read by any thread.
public sealed interface Examples permits Dataset, TextDataset {
    /// What a person calls it.
    String name();

    /// Number of examples.
    int size();

    /// Shape of the features of one example.
    Shape shape();

    /// Type of the features: `f32`, or `i32` for token ids.
    Dtype dtype();

    /// Number of labels of one example.
    int labels();

    /// Number of classes; labels are from 0 to one less.
    int classes();

    /// The label of what does not count, if there is such.
    default OptionalInt ignored() {
        return OptionalInt.empty();
    }
}
