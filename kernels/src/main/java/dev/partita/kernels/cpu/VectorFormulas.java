package dev.partita.kernels.cpu;

import static dev.partita.kernels.cpu.Floats.MEMORY;
import static dev.partita.kernels.cpu.Floats.ORDER;
import static dev.partita.kernels.cpu.Floats.SPECIES;
import static dev.partita.kernels.cpu.Floats.STEP;
import static jdk.incubator.vector.FloatVector.broadcast;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;
import static jdk.incubator.vector.FloatVector.zero;

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
                        fromMemorySegment(SPECIES, MEMORY, x[0] + i, ORDER)
                                .mul(by)
                                .intoMemorySegment(MEMORY, y[0] + i, ORDER);
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
                            fromMemorySegment(SPECIES, MEMORY, x[0] + i, ORDER)
                                    .max(0)
                                    .intoMemorySegment(MEMORY, y[0] + i, ORDER);
                        }
                    };
            case Elementwise.ReluGrad _ ->
                    (x, y, n) -> {
                        for (int i = 0; i < n; i += STEP) {
                            var positive =
                                    fromMemorySegment(SPECIES, MEMORY, x[0] + i, ORDER)
                                            .compare(VectorOperators.GT, 0);
                            zero(SPECIES)
                                    .blend(
                                            fromMemorySegment(SPECIES, MEMORY, x[1] + i, ORDER),
                                            positive)
                                    .intoMemorySegment(MEMORY, y[0] + i, ORDER);
                        }
                    };
            case Elementwise.Gelu _ ->
                    (x, y, n) -> {
                        for (int i = 0; i < n; i += STEP) {
                            FloatVector v = fromMemorySegment(SPECIES, MEMORY, x[0] + i, ORDER);
                            v.mul(VectorMath.normal(v)).intoMemorySegment(MEMORY, y[0] + i, ORDER);
                        }
                    };
            case Elementwise.GeluGrad _ ->
                    (x, y, n) -> {
                        for (int i = 0; i < n; i += STEP) {
                            FloatVector v = fromMemorySegment(SPECIES, MEMORY, x[0] + i, ORDER);
                            FloatVector slope =
                                    v.fma(VectorMath.normalDensity(v), VectorMath.normal(v));
                            slope.mul(fromMemorySegment(SPECIES, MEMORY, x[1] + i, ORDER))
                                    .intoMemorySegment(MEMORY, y[0] + i, ORDER);
                        }
                    };
            case Elementwise.Silu _ ->
                    (x, y, n) -> {
                        for (int i = 0; i < n; i += STEP) {
                            FloatVector v = fromMemorySegment(SPECIES, MEMORY, x[0] + i, ORDER);
                            v.mul(VectorMath.sigmoid(v)).intoMemorySegment(MEMORY, y[0] + i, ORDER);
                        }
                    };
            case Elementwise.SiluGrad _ ->
                    (x, y, n) -> {
                        for (int i = 0; i < n; i += STEP) {
                            FloatVector v = fromMemorySegment(SPECIES, MEMORY, x[0] + i, ORDER);
                            FloatVector s = VectorMath.sigmoid(v);
                            FloatVector slope =
                                    broadcast(SPECIES, 1)
                                            .sub(s)
                                            .fma(v, broadcast(SPECIES, 1))
                                            .mul(s);
                            slope.mul(fromMemorySegment(SPECIES, MEMORY, x[1] + i, ORDER))
                                    .intoMemorySegment(MEMORY, y[0] + i, ORDER);
                        }
                    };
            case Elementwise.Tanh _ ->
                    (x, y, n) -> {
                        for (int i = 0; i < n; i += STEP) {
                            VectorMath.tanh(fromMemorySegment(SPECIES, MEMORY, x[0] + i, ORDER))
                                    .intoMemorySegment(MEMORY, y[0] + i, ORDER);
                        }
                    };
            case Elementwise.TanhGrad _ ->
                    (x, y, n) -> {
                        for (int i = 0; i < n; i += STEP) {
                            FloatVector v = fromMemorySegment(SPECIES, MEMORY, x[0] + i, ORDER);
                            FloatVector slope = v.neg().fma(v, broadcast(SPECIES, 1));
                            slope.mul(fromMemorySegment(SPECIES, MEMORY, x[1] + i, ORDER))
                                    .intoMemorySegment(MEMORY, y[0] + i, ORDER);
                        }
                    };
            case Elementwise.SquareRoot _ ->
                    (x, y, n) -> {
                        for (int i = 0; i < n; i += STEP) {
                            fromMemorySegment(SPECIES, MEMORY, x[0] + i, ORDER)
                                    .sqrt()
                                    .intoMemorySegment(MEMORY, y[0] + i, ORDER);
                        }
                    };
            case Elementwise.ClipFactor clip ->
                    (x, y, n) -> {
                        for (int i = 0; i < n; i += STEP) {
                            FloatVector norm =
                                    fromMemorySegment(SPECIES, MEMORY, x[0] + i, ORDER)
                                            .add((float) Elementwise.ClipFactor.EPSILON);
                            broadcast(SPECIES, (float) clip.maxNorm())
                                    .div(norm)
                                    .min(1)
                                    .intoMemorySegment(MEMORY, y[0] + i, ORDER);
                        }
                    };
            case Elementwise.Reciprocal _ ->
                    (x, y, n) -> {
                        for (int i = 0; i < n; i += STEP) {
                            broadcast(SPECIES, 1)
                                    .div(fromMemorySegment(SPECIES, MEMORY, x[0] + i, ORDER))
                                    .intoMemorySegment(MEMORY, y[0] + i, ORDER);
                        }
                    };
            case Elementwise.MeanWeight _ ->
                    (x, y, n) -> {
                        for (int i = 0; i < n; i += STEP) {
                            broadcast(SPECIES, 1)
                                    .div(fromMemorySegment(SPECIES, MEMORY, x[0] + i, ORDER).max(1))
                                    .intoMemorySegment(MEMORY, y[0] + i, ORDER);
                        }
                    };
            case Elementwise.Scale scale ->
                    (x, y, n) -> {
                        for (int i = 0; i < n; i += STEP) {
                            fromMemorySegment(SPECIES, MEMORY, x[0] + i, ORDER)
                                    .mul((float) scale.factor())
                                    .intoMemorySegment(MEMORY, y[0] + i, ORDER);
                        }
                    };
            case Elementwise.Add _ ->
                    (x, y, n) -> {
                        for (int i = 0; i < n; i += STEP) {
                            fromMemorySegment(SPECIES, MEMORY, x[0] + i, ORDER)
                                    .add(fromMemorySegment(SPECIES, MEMORY, x[1] + i, ORDER))
                                    .intoMemorySegment(MEMORY, y[0] + i, ORDER);
                        }
                    };
            case Elementwise.Subtract _ ->
                    (x, y, n) -> {
                        for (int i = 0; i < n; i += STEP) {
                            fromMemorySegment(SPECIES, MEMORY, x[0] + i, ORDER)
                                    .sub(fromMemorySegment(SPECIES, MEMORY, x[1] + i, ORDER))
                                    .intoMemorySegment(MEMORY, y[0] + i, ORDER);
                        }
                    };
            case Elementwise.Multiply _ ->
                    (x, y, n) -> {
                        for (int i = 0; i < n; i += STEP) {
                            fromMemorySegment(SPECIES, MEMORY, x[0] + i, ORDER)
                                    .mul(fromMemorySegment(SPECIES, MEMORY, x[1] + i, ORDER))
                                    .intoMemorySegment(MEMORY, y[0] + i, ORDER);
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
