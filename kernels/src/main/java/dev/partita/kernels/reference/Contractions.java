package dev.partita.kernels.reference;

import dev.partita.dsl.graph.EinsumSpec;
import dev.partita.dsl.graph.Epilogue;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.tensor.Shape;
import dev.partita.kernels.Kernel;
import dev.partita.kernels.KernelRequest;
import dev.partita.kernels.StridedLoop;
import java.util.stream.IntStream;

/// Einsum: for every element of the result, a loop over the letters that it lacks.
final class Contractions {
    private Contractions() {}

    static Kernel einsum(Op.Einsum op, KernelRequest request) {
        EinsumSpec spec = op.spec();
        Shape left = request.operand(0).type().shape();
        Shape right = request.operand(1).type().shape();
        String contracted =
                spec.left()
                        .chars()
                        .filter(letter -> spec.contracts((char) letter))
                        .mapToObj(Character::toString)
                        .reduce("", String::concat);
        StridedLoop kept = loop(spec.result(), spec, left, right);
        StridedLoop summed = loop(contracted, spec, left, right);
        Elements a = Elements.of(request.operand(0));
        Elements b = Elements.of(request.operand(1));
        Elements c = Elements.of(request.result(0));
        Finish finish = Finish.of(op.epilogue(), request);
        return () -> {
            long i = 0;
            do {
                double total = 0;
                do {
                    total +=
                            a.get(kept.offset(0) + summed.offset(0))
                                    * b.get(kept.offset(1) + summed.offset(1));
                } while (summed.next());
                c.set(i, finish.apply(total, i));
                i++;
            } while (kept.next());
        };
    }

    /// A loop over `letters` with offsets into left and right.
    private static StridedLoop loop(String letters, EinsumSpec spec, Shape left, Shape right) {
        var sizes = new long[letters.length()];
        long[] leftStrides = strides(letters, spec.left(), left);
        long[] rightStrides = strides(letters, spec.right(), right);
        for (int i = 0; i < sizes.length; i++) {
            int inLeft = spec.left().indexOf(letters.charAt(i));
            int inRight = spec.right().indexOf(letters.charAt(i));
            sizes[i] = inLeft >= 0 ? left.size(inLeft) : right.size(inRight);
        }
        return new StridedLoop(sizes, leftStrides, rightStrides);
    }

    private static long[] strides(String letters, String own, Shape shape) {
        long[] strides = shape.strides();
        return IntStream.range(0, letters.length())
                .map(i -> own.indexOf(letters.charAt(i)))
                .mapToLong(i -> i < 0 ? 0 : strides[i])
                .toArray();
    }

    /// What a contraction does to an element before it stores it.
    ///
    /// @param bias added by the element's position along the innermost dim; unused without a bias
    record Finish(Epilogue epilogue, Elements bias, long width) {
        static Finish of(Epilogue epilogue, KernelRequest request) {
            var last = request.operands().getLast();
            return new Finish(epilogue, Elements.of(last), last.type().shape().elements());
        }

        double apply(double value, long index) {
            double biased = epilogue.hasBias() ? value + bias.get(index % width) : value;
            return epilogue.hasRelu() ? Math.max(biased, 0) : biased;
        }
    }
}
