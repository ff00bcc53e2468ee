package dev.partita.kernels.reference;

import dev.partita.dsl.graph.Elementwise;
import dev.partita.kernels.Kernel;
import dev.partita.kernels.KernelRequest;

/// Elementwise ops as formulas on numbers.
final class Formulas {
    private Formulas() {}

    /// One element of the result from the same element of each operand.
    @FunctionalInterface
    interface Formula {
        double of(double[] x);
    }

    static Kernel kernel(Elementwise op, KernelRequest request) {
        Formula formula = formula(op);
        var operands = request.operands().stream().map(Elements::of).toArray(Elements[]::new);
        Elements result = Elements.of(request.result(0));
        long elements = request.result(0).type().shape().elements();
        var x = new double[operands.length];
        return () -> {
            for (long i = 0; i < elements; i++) {
                for (int j = 0; j < x.length; j++) {
                    x[j] = operands[j].get(i);
                }
                result.set(i, formula.of(x));
            }
        };
    }

    static Kernel scaleBy(KernelRequest request) {
        Elements x = Elements.of(request.operand(0));
        Elements factor = Elements.of(request.operand(1));
        Elements y = Elements.of(request.result(0));
        long elements = request.result(0).type().shape().elements();
        return () -> {
            for (long i = 0; i < elements; i++) {
                y.set(i, x.get(i) * factor.get(0));
            }
        };
    }

    static Formula formula(Elementwise op) {
        return switch (op) {
            case Elementwise.Relu _ -> x -> Math.max(x[0], 0);
            case Elementwise.ReluGrad _ -> x -> x[0] > 0 ? x[1] : 0;
            case Elementwise.Gelu _ -> x -> x[0] * ErrorFunction.normal(x[0]);
            case Elementwise.GeluGrad _ ->
                    x ->
                            x[1]
                                    * (ErrorFunction.normal(x[0])
                                            + x[0] * ErrorFunction.normalDensity(x[0]));
            case Elementwise.Silu _ -> x -> x[0] * sigmoid(x[0]);
            case Elementwise.SiluGrad _ ->
                    x -> {
                        double s = sigmoid(x[0]);
                        return x[1] * s * (1 + x[0] * (1 - s));
                    };
            case Elementwise.Tanh _ -> x -> Math.tanh(x[0]);
            case Elementwise.TanhGrad _ -> x -> x[1] * (1 - x[0] * x[0]);
            case Elementwise.SquareRoot _ -> x -> Math.sqrt(x[0]);
            case Elementwise.ClipFactor clip ->
                    x -> Math.min(1, clip.maxNorm() / (x[0] + Elementwise.ClipFactor.EPSILON));
            case Elementwise.Reciprocal _ -> x -> 1 / x[0];
            case Elementwise.MeanWeight _ -> x -> 1 / Math.max(x[0], 1);
            case Elementwise.Scale scale -> x -> scale.factor() * x[0];
            case Elementwise.Add _ -> x -> x[0] + x[1];
            case Elementwise.Subtract _ -> x -> x[0] - x[1];
            case Elementwise.Multiply _ -> x -> x[0] * x[1];
            case Elementwise.Fused fused -> chain(fused);
        };
    }

    private static double sigmoid(double x) {
        return 1 / (1 + Math.exp(-x));
    }

    private static Formula chain(Elementwise.Fused fused) {
        int count = fused.parts().size();
        var formulas = new Formula[count];
        var reads = new int[count][];
        var inputs = new double[count][];
        for (int i = 0; i < count; i++) {
            Elementwise.Fused.Part part = fused.parts().get(i);
            formulas[i] = formula(part.op());
            reads[i] = part.reads().stream().mapToInt(Integer::intValue).toArray();
            inputs[i] = new double[reads[i].length];
        }
        var values = new double[fused.arity() + count];
        return x -> {
            System.arraycopy(x, 0, values, 0, fused.arity());
            for (int i = 0; i < count; i++) {
                for (int j = 0; j < reads[i].length; j++) {
                    inputs[i][j] = values[reads[i][j]];
                }
                values[fused.arity() + i] = formulas[i].of(inputs[i]);
            }
            return values[values.length - 1];
        };
    }
}
