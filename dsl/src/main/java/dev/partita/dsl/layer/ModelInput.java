package dev.partita.dsl.layer;

import dev.partita.dsl.tensor.Dim;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.dsl.tensor.TensorType;

/// What a model is fed: the name of the graph's input and the shape of one example.
public sealed interface ModelInput {
    String name();

    /// The type of a whole batch; `dtype` is the model's floating type.
    TensorType type(long batch, Dtype dtype);

    /// Pictures, laid out channels-last: `[batch, height, width, channel]`.
    record Image(String name, long channels, long height, long width) implements ModelInput {
        public Image {
            Arguments.name("input", name);
            Arguments.atLeast(1, name, "channels", channels);
            Arguments.atLeast(1, name, "height", height);
            Arguments.atLeast(1, name, "width", width);
        }

        @Override
        public TensorType type(long batch, Dtype dtype) {
            return TensorType.of(
                    dtype,
                    new Dim("batch", batch),
                    new Dim("height", height),
                    new Dim("width", width),
                    new Dim("channel", channels));
        }

        @Override
        public String toString() {
            return "image " + name + " " + channels + "x" + height + "x" + width;
        }
    }

    /// Plain numbers: `[batch, <name>]`.
    record Features(String name, long size) implements ModelInput {
        public Features {
            Arguments.name("input", name);
            Arguments.atLeast(1, name, "size", size);
        }

        @Override
        public TensorType type(long batch, Dtype dtype) {
            return TensorType.of(dtype, new Dim("batch", batch), new Dim(name, size));
        }

        @Override
        public String toString() {
            return "features " + name + "=" + size;
        }
    }

    /// Token ids below `vocabulary`: `i32[batch, <name>]`.
    record Tokens(String name, long length, long vocabulary) implements ModelInput {
        public Tokens {
            Arguments.name("input", name);
            Arguments.atLeast(1, name, "length", length);
            Arguments.atLeast(1, name, "vocabulary", vocabulary);
        }

        @Override
        public TensorType type(long batch, Dtype dtype) {
            return TensorType.of(Dtype.I32, new Dim("batch", batch), new Dim(name, length));
        }

        @Override
        public String toString() {
            return "tokens " + name + "=" + length + " of " + vocabulary;
        }
    }
}
