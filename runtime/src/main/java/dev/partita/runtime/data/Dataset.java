package dev.partita.runtime.data;

import dev.partita.dsl.tensor.Dtype;

/// Labelled examples, each a tensor of `f32` features and a class.
public non-sealed interface Dataset extends Examples {
    @Override
    default Dtype dtype() {
        return Dtype.F32;
    }

    @Override
    default int labels() {
        return 1;
    }

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
