package dev.partita.compiler.plan;

import dev.partita.dsl.graph.AttentionOp;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Wide;
import dev.partita.dsl.tensor.Shape;
import java.util.HashMap;
import java.util.Map;

/// Counts what matrix units are there for: the multiplications and additions of contractions,
/// convolutions and attention. Everything else is bounded by memory, and counts as nothing.
///
/// Attention counts as Dao 2024 (FlashAttention-2, section 4.1) does: two contractions forward and
/// five backward, half of each if it is causal.
public final class Arithmetic {
    private Arithmetic() {}

    /// Floating-point operations of one device in one training step.
    public static long of(Program program) {
        return program.steps().stream().mapToLong(step -> of(program, step)).sum();
    }

    /// Floating-point operations of one step of a program.
    public static long of(Program program, Step step) {
        return step instanceof Step.Compute compute ? of(program, compute) : 0;
    }

    private static long of(Program program, Step.Compute compute) {
        return switch (Wide.inside(compute.op())) {
            case Op.Einsum einsum ->
                    contraction(einsum, read(program, compute, 0), read(program, compute, 1));
            case Op.Conv2d _ -> convolution(written(program, compute), read(program, compute, 1));
            case Op.Conv2dInputGrad _ ->
                    convolution(read(program, compute, 0), read(program, compute, 1));
            case Op.Conv2dWeightGrad _ ->
                    convolution(read(program, compute, 0), written(program, compute));
            case AttentionOp.Attention(boolean causal, double _, boolean _) ->
                    attention(2, causal, read(program, compute, 0), read(program, compute, 1));
            case AttentionOp.AttentionGrad(boolean causal, double _, boolean _) ->
                    attention(5, causal, read(program, compute, 0), read(program, compute, 1));
            case Op _ -> 0;
        };
    }

    private static Shape read(Program program, Step.Compute compute, int operand) {
        return program.slot(compute.reads().get(operand)).type().shape();
    }

    private static Shape written(Program program, Step.Compute compute) {
        return program.slot(compute.writes().getFirst()).type().shape();
    }

    private static long contraction(Op.Einsum einsum, Shape left, Shape right) {
        Map<Character, Long> sizes = new HashMap<>();
        measure(einsum.spec().left(), left, sizes);
        measure(einsum.spec().right(), right, sizes);
        return 2 * sizes.values().stream().reduce(1L, (a, b) -> a * b);
    }

    private static void measure(String letters, Shape shape, Map<Character, Long> sizes) {
        for (int i = 0; i < letters.length(); i++) {
            sizes.put(letters.charAt(i), shape.size(i));
        }
    }

    /// Every result is a sum over the weight of its channel.
    private static long convolution(Shape result, Shape weight) {
        return 2 * result.elements() * (weight.elements() / weight.size(0));
    }

    /// Every contraction pairs each query with every key.
    private static long attention(int contractions, boolean causal, Shape queries, Shape keys) {
        long pairs = 2L * contractions * queries.elements() * keys.size(1);
        return causal ? pairs / 2 : pairs;
    }
}
