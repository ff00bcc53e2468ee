package dev.partita.kernels.cpu;

import dev.partita.dsl.graph.EinsumSpec;
import dev.partita.dsl.tensor.Shape;
import dev.partita.dsl.tensor.TensorType;
import dev.partita.kernels.KernelRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// An einsum as one strided batched matmul `result[batch, m, n] = left[batch, m, k] right[batch, k,
/// n]`: letters only in the left operand and the result become `m`, only in the right and the
/// result `n`, in both operands alone `k`, in all three `batch`. Each of m, n, k must lie in memory
/// as one dim, in the same order, in both tensors that have it.
///
/// @param swapped true if the einsum's operands change sides, so that `n` is innermost in the
///   result
record MatmulForm(Layout left, Layout right, Layout result, boolean swapped) {
    /// The form, or empty if some letters do not collapse.
    static Optional<MatmulForm> of(EinsumSpec spec, KernelRequest request) {
        TensorType left = request.operand(0).type();
        TensorType right = request.operand(1).type();
        TensorType result = request.result(0).type();
        boolean swapped = innermostIsLeft(spec, result.shape());
        Tensor a = swapped ? new Tensor(spec.right(), right) : new Tensor(spec.left(), left);
        Tensor b = swapped ? new Tensor(spec.left(), left) : new Tensor(spec.right(), right);
        var c = new Tensor(spec.result(), result);
        List<Character> batch = c.letters(letter -> a.has(letter) && b.has(letter));
        List<Character> m = c.letters(letter -> !b.has(letter));
        List<Character> n = c.letters(letter -> !a.has(letter));
        List<Character> k = a.letters(spec::contracts);
        boolean collapses =
                a.collapses(m)
                        && c.collapses(m)
                        && b.collapses(n)
                        && c.collapses(n)
                        && a.collapses(k)
                        && b.collapses(k);
        boolean rows = n.isEmpty() || c.stride(n) == 1;
        return collapses && rows
                ? Optional.of(
                        new MatmulForm(
                                a.layout(batch, m, k),
                                b.layout(batch, k, n),
                                c.layout(batch, m, n),
                                swapped))
                : Optional.empty();
    }

    private static boolean innermostIsLeft(EinsumSpec spec, Shape result) {
        for (int i = result.rank() - 1; i >= 0; i--) {
            if (result.size(i) > 1) {
                return spec.right().indexOf(spec.result().charAt(i)) < 0;
            }
        }
        return false;
    }

    /// One tensor of the einsum; dims of size 1 count as absent, since they lie nowhere.
    private record Tensor(String spec, TensorType type) {
        boolean has(char letter) {
            return spec.indexOf(letter) >= 0;
        }

        long size(char letter) {
            return type.shape().size(spec.indexOf(letter));
        }

        long stride(char letter) {
            return type.shape().strides()[spec.indexOf(letter)];
        }

        List<Character> letters(LetterTest test) {
            var kept = new ArrayList<Character>();
            for (int i = 0; i < spec.length(); i++) {
                char letter = spec.charAt(i);
                if (size(letter) > 1 && test.accepts(letter)) {
                    kept.add(letter);
                }
            }
            return kept;
        }

        /// True if these letters, in this order, lie in memory like one dim.
        boolean collapses(List<Character> letters) {
            for (int i = 0; i + 1 < letters.size(); i++) {
                char inner = letters.get(i + 1);
                if (stride(letters.get(i)) != stride(inner) * size(inner)) {
                    return false;
                }
            }
            return true;
        }

        /// Stride of the one dim that these letters lie like.
        long stride(List<Character> letters) {
            return stride(letters.getLast());
        }

        private long size(List<Character> letters) {
            return letters.stream().mapToLong(this::size).reduce(1, Math::multiplyExact);
        }

        Layout layout(List<Character> batch, List<Character> rows, List<Character> columns) {
            int rank = batch.size() + 2;
            var sizes = new long[rank];
            var strides = new long[rank];
            for (int i = 0; i < batch.size(); i++) {
                sizes[i] = size(batch.get(i));
                strides[i] = stride(batch.get(i));
            }
            sizes[rank - 2] = size(rows);
            sizes[rank - 1] = size(columns);
            // a dim of size 1 may have any stride; these keep the matrix recognisably plain
            strides[rank - 1] = columns.isEmpty() ? 1 : stride(columns);
            strides[rank - 2] = rows.isEmpty() ? sizes[rank - 1] : stride(rows);
            return new Layout(type.dtype(), sizes, strides);
        }
    }

    @FunctionalInterface
    private interface LetterTest {
        boolean accepts(char letter);
    }
}
