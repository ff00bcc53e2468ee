package dev.partita.kernels;

import dev.partita.dsl.tensor.Dim;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.dsl.tensor.Shape;
import dev.partita.dsl.tensor.TensorType;
import java.util.ArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/// Tensor types for tests, written as their sizes.
public final class Types {
    private static final AtomicInteger DIMS = new AtomicInteger();

    private Types() {}

    /// `f32` of sizes such as `17,33`, every dim with a name of its own; empty is a scalar.
    public static TensorType f32(String sizes) {
        var dims = new ArrayList<Dim>();
        for (String size : sizes.isEmpty() ? new String[0] : sizes.split(",", -1)) {
            dims.add(new Dim("d" + DIMS.incrementAndGet(), Long.parseLong(size.strip())));
        }
        return new TensorType(Dtype.F32, new Shape(dims));
    }

    public static TensorType f64(String sizes) {
        return f32(sizes).withDtype(Dtype.F64);
    }

    public static TensorType i32(String sizes) {
        return f32(sizes).withDtype(Dtype.I32);
    }
}
