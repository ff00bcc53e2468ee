package dev.partita.dsl.tensor;

import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.stream.Collectors;

/// The ordered dims of a tensor, the first one outermost in memory. Names are unique within a
/// shape. Prints `[batch=32, model=512]`; a scalar prints `[]`.
public record Shape(List<Dim> dims) {
    /// The shape of a scalar.
    public static final Shape SCALAR = new Shape(List.of());

    public Shape {
        dims = List.copyOf(dims);
        var seen = new HashSet<String>();
        for (Dim dim : dims) {
            if (!seen.add(dim.name())) {
                throw Problem.of(
                                ProblemCode.DUPLICATE_NAME,
                                "A tensor has two dims of the same name.")
                        .fact("dim", dim.name())
                        .fact("shape", dims)
                        .fix("name one of the two differently")
                        .exception();
            }
        }
    }

    public static Shape of(Dim... dims) {
        return new Shape(List.of(dims));
    }

    /// A shape of these dims where a name that repeats gets a prime: `[model=8, model=8]` becomes
    /// `[model=8, model'=8]`.
    public static Shape distinct(List<Dim> dims) {
        var result = new ArrayList<Dim>(dims.size());
        var seen = new HashSet<String>();
        for (Dim dim : dims) {
            String name = dim.name();
            while (!seen.add(name)) {
                name += "'";
            }
            result.add(dim.named(name));
        }
        return new Shape(result);
    }

    public int rank() {
        return dims.size();
    }

    public Dim dim(int index) {
        return dims.get(index);
    }

    public long size(int index) {
        return dims.get(index).size();
    }

    /// Position of the dim of this name, or -1.
    public int indexOf(String name) {
        for (int i = 0; i < dims.size(); i++) {
            if (dims.get(i).name().equals(name)) {
                return i;
            }
        }
        return -1;
    }

    /// Number of elements; 1 for a scalar.
    public long elements() {
        long product = 1;
        // by index: kernels ask inside loops, where an iterator would be garbage
        for (int i = 0; i < dims.size(); i++) {
            product = Math.multiplyExact(product, size(i));
        }
        return product;
    }

    /// The row-major stride of each dim, in elements.
    public long[] strides() {
        var strides = new long[rank()];
        long stride = 1;
        for (int i = rank() - 1; i >= 0; i--) {
            strides[i] = stride;
            stride *= size(i);
        }
        return strides;
    }

    /// This shape with the dim at `index` replaced.
    public Shape with(int index, Dim dim) {
        var changed = new ArrayList<>(dims);
        changed.set(index, dim);
        return new Shape(changed);
    }

    /// This shape without the dims at `indices`.
    public Shape without(List<Integer> indices) {
        var kept = new ArrayList<Dim>();
        for (int i = 0; i < rank(); i++) {
            if (!indices.contains(i)) {
                kept.add(dims.get(i));
            }
        }
        return new Shape(kept);
    }

    /// True if the sizes are equal in order, whatever the names.
    public boolean sameSizes(Shape other) {
        return dims.stream()
                .map(Dim::size)
                .toList()
                .equals(other.dims.stream().map(Dim::size).toList());
    }

    @Override
    public String toString() {
        return dims.stream().map(Dim::toString).collect(Collectors.joining(", ", "[", "]"));
    }
}
