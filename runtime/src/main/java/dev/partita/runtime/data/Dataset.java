package dev.partita.runtime.data;

import dev.partita.dsl.tensor.Shape;

/// Labelled examples, each a tensor of `f32` features and a class. Immutable, and read by any
/// thread.
public interface Dataset {
    /// What a person calls it.
    String name();

    /// Number of examples.
    int size();

    /// Shape of the features of one example.
    Shape shape();

    /// Number of classes; labels are from 0 to one less.
    int classes();

    /// Class of an example.
    int label(int example);

    /// Writes the features of an example, row-major, to the start of `features`.
    void read(int example, float[] features);

    /// Features of one example.
    default float[] features(int example) {
        var features = new float[Math.toIntExact(shape().elements())];
        read(example, features);
        return features;
    }
}
