package dev.partita.kernels.cpu;

import static dev.partita.kernels.cpu.Floats.STEP;
import static dev.partita.kernels.cpu.Floats.all;
import static dev.partita.kernels.cpu.Floats.load;
import static dev.partita.kernels.cpu.Floats.store;

import dev.partita.dsl.graph.Elementwise;
import dev.partita.kernels.Kernel;
import dev.partita.kernels.KernelRequest;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/// Elementwise ops, also in fused chains.
final class VectorFormulas {
    private VectorFormulas() {}

    static Kernel kernel(Elementwise op, KernelRequest request) {
        return new VectorLoop(formula(op), request.operands(), request);
    }

    /// Every element of the first operand times the second, a scalar.
    static Kernel scaleBy(KernelRequest request) {
        MemorySegment factor = request.operand(1).memory();
        return new VectorLoop(
                (x, y, n) -> {
                    float by = factor.get(ValueLayout.JAVA_FLOAT, 0);
                    for (int i = 0; i < n; i += STEP) {
                        store(load(x[0] + i).mul(by), y[0] + i);
                    }
                },
                request.operands().subList(0, 1),
                request);
    }

    /// Every formula has its own loop, for only then does the compiler keep vectors in registers.
    static VectorLoop.Body formula(Elementwise op) {
        return switch (op) {
            case Elementwise.Relu _ ->
                    (x, y, n) -> {
                        for (int i = 0; i < n; i += STEP) {
                            store(load(x[0] + i).max(0), y[0] + i);
                        }
                    };
            case Elementwise.ReluGrad _ ->
                    (x, y, n) -> {
                        for (int i = 0; i < n; i += STEP) {
                            var positive = load(x[0] + i).compare(VectorOperators.GT, 0);
                            store(all(0).blend(load(x[1] + i), positive), y[0] + i);
                        }
                    };
            case Elementwise.Gelu _ ->
                    (x, y, n) -> {
                        for (int i = 0; i < n; i += STEP) {
                            FloatVector v = load(x[0] + i);
                            store(v.mul(VectorMath.normal(v)), y[0] + i);
                        }
                    };
            case Elementwise.GeluGrad _ ->
                    (x, y, n) -> {
                        for (int i = 0; i < n; i += STEP) {
                            FloatVector v = load(x[0] + i);
                            FloatVector slope =
                                    v.fma(VectorMath.normalDensity(v), VectorMath.normal(v));
                            store(slope.mul(load(x[1] + i)), y[0] + i);
                        }
                    };
            case Elementwise.Silu _ ->
                    (x, y, n) -> {
                        for (int i = 0; i < n; i += STEP) {
                            FloatVector v = load(x[0] + i);
                            store(v.mul(VectorMath.sigmoid(v)), y[0] + i);
                        }
                    };
            case Elementwise.SiluGrad _ ->
                    (x, y, n) -> {
                        for (int i = 0; i < n; i += STEP) {
                            FloatVector v = load(x[0] + i);
                            FloatVector s = VectorMath.sigmoid(v);
                            FloatVector slope = all(1).sub(s).fma(v, all(1)).mul(s);
                            store(slope.mul(load(x[1] + i)), y[0] + i);
                        }
                    };
            case Elementwise.Tanh _ ->
                    (x, y, n) -> {
                        for (int i = 0; i < n; i += STEP) {
                            store(VectorMath.tanh(load(x[0] + i)), y[0] + i);
                        }
                    };
            case Elementwise.TanhGrad _ ->
                    (x, y, n) -> {
                        for (int i = 0; i < n; i += STEP) {
                            FloatVector v = load(x[0] + i);
                            FloatVector slope = v.neg().fma(v, all(1));
                            store(slope.mul(load(x[1] + i)), y[0] + i);
                        }
                    };
            case Elementwise.SquareRoot _ ->
                    (x, y, n) -> {
                        for (int i = 0; i < n; i += STEP) {
                            store(load(x[0] + i).sqrt(), y[0] + i);
                        }
                    };
            case Elementwise.ClipFactor clip ->
                    (x, y, n) -> {
                        for (int i = 0; i < n; i += STEP) {
                            FloatVector norm =
                                    load(x[0] + i).add((float) Elementwise.ClipFactor.EPSILON);
                            store(all((float) clip.maxNorm()).div(norm).min(1), y[0] + i);
                        }
                    };
            case Elementwise.Reciprocal _ ->
                    (x, y, n) -> {
                        for (int i = 0; i < n; i += STEP) {
                            store(all(1).div(load(x[0] + i)), y[0] + i);
                        }
                    };
            case Elementwise.MeanWeight _ ->
                    (x, y, n) -> {
                        for (int i = 0; i < n; i += STEP) {
                            store(all(1).div(load(x[0] + i).max(1)), y[0] + i);
                        }
                    };
            case Elementwise.Scale scale ->
                    (x, y, n) -> {
                        for (int i = 0; i < n; i += STEP) {
                            store(load(x[0] + i).mul((float) scale.factor()), y[0] + i);
                        }
                    };
            case Elementwise.Add _ ->
                    (x, y, n) -> {
                        for (int i = 0; i < n; i += STEP) {
                            store(load(x[0] + i).add(load(x[1] + i)), y[0] + i);
                        }
                    };
            case Elementwise.Subtract _ ->
                    (x, y, n) -> {
                        for (int i = 0; i < n; i += STEP) {
                            store(load(x[0] + i).sub(load(x[1] + i)), y[0] + i);
                        }
                    };
            case Elementwise.Multiply _ ->
                    (x, y, n) -> {
                        for (int i = 0; i < n; i += STEP) {
                            store(load(x[0] + i).mul(load(x[1] + i)), y[0] + i);
                        }
                    };
            case Elementwise.Fused fused -> chain(fused);
        };
    }

    /// The numbers between two parts stay in the first cache, one tile at a time.
    private static VectorLoop.Body chain(Elementwise.Fused fused) {
        int arity = fused.arity();
        int parts = fused.parts().size();
        var bodies = new VectorLoop.Body[parts];
        var reads = new int[parts][];
        var inputs = new long[parts][];
        var tiles = new long[arity + parts];
        MemorySegment scratch = Arena.ofAuto().allocate((long) parts * VectorLoop.TILE, 64);
        for (int i = 0; i < parts; i++) {
            Elementwise.Fused.Part part = fused.parts().get(i);
            bodies[i] = formula(part.op());
            reads[i] = part.reads().stream().mapToInt(Integer::intValue).toArray();
            inputs[i] = new long[reads[i].length];
        }
        var output = new long[1];
        return (x, y, n) -> {
            System.arraycopy(x, 0, tiles, 0, arity);
            for (int i = 0; i < parts; i++) {
                for (int j = 0; j < reads[i].length; j++) {
                    inputs[i][j] = tiles[reads[i][j]];
                }
                boolean last = i == parts - 1;
                output[0] = last ? y[0] : scratch.address() + (long) i * VectorLoop.TILE;
                bodies[i].compute(inputs[i], output, n);
                tiles[arity + i] = output[0];
            }
        };
    }
}
