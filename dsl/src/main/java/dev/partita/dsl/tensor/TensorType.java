package dev.partita.dsl.tensor;

import java.util.ArrayList;

/// Element type and shape of a tensor. Prints `f32[batch=32, model=512]`, which [#parse] reads
/// back.
public record TensorType(Dtype dtype, Shape shape) {
    public static TensorType of(Dtype dtype, Dim... dims) {
        return new TensorType(dtype, Shape.of(dims));
    }

    public static TensorType scalar(Dtype dtype) {
        return new TensorType(dtype, Shape.SCALAR);
    }

    /// Size in memory in bytes, densely packed.
    public long bytes() {
        return shape.elements() * dtype.bytes();
    }

    public TensorType withShape(Shape newShape) {
        return new TensorType(dtype, newShape);
    }

    public TensorType withDtype(Dtype newDtype) {
        return new TensorType(newDtype, shape);
    }

    /// Reads the printed form.
    ///
    /// @throws IllegalArgumentException if `text` is not one
    public static TensorType parse(String text) {
        int open = text.indexOf('[');
        if (open < 0 || !text.endsWith("]")) {
            throw new IllegalArgumentException("not a tensor type: " + text);
        }
        var dims = new ArrayList<Dim>();
        String inside = text.substring(open + 1, text.length() - 1);
        if (!inside.isBlank()) {
            for (String part : inside.split(",", -1)) {
                int equals = part.indexOf('=');
                if (equals < 0) {
                    throw new IllegalArgumentException("not a dim: " + part);
                }
                dims.add(
                        new Dim(
                                part.substring(0, equals).strip(),
                                Long.parseLong(part.substring(equals + 1))));
            }
        }
        return new TensorType(Dtype.parse(text.substring(0, open)), new Shape(dims));
    }

    @Override
    public String toString() {
        return dtype.toString() + shape;
    }
}
