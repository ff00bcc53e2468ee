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

/// Elementwise ops, also in fused chains. Every formula has its own loop of vectors, which pass
/// through no method of ours: only then does the JIT certainly keep them in registers.
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
            case Elementwise.Gelu _ -> gelu();
            case Elementwise.GeluGrad _ -> geluGrad();
            case Elementwise.Silu _ -> silu();
            case Elementwise.SiluGrad _ -> siluGrad();
            case Elementwise.Tanh _ -> tanh();
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

    private static VectorLoop.Body gelu() {
        MemorySegment normal = tile();
        return (x, y, n) -> {
            VectorMath.normal(x[0], normal.address(), n);
            for (int i = 0; i < n; i += STEP) {
                fromMemorySegment(SPECIES, MEMORY, x[0] + i, ORDER)
                        .mul(fromMemorySegment(SPECIES, MEMORY, normal.address() + i, ORDER))
                        .intoMemorySegment(MEMORY, y[0] + i, ORDER);
            }
        };
    }

    private static VectorLoop.Body geluGrad() {
        MemorySegment slope = tile();
        return (x, y, n) -> {
            VectorMath.geluSlope(x[0], slope.address(), n);
            for (int i = 0; i < n; i += STEP) {
                fromMemorySegment(SPECIES, MEMORY, slope.address() + i, ORDER)
                        .mul(fromMemorySegment(SPECIES, MEMORY, x[1] + i, ORDER))
                        .intoMemorySegment(MEMORY, y[0] + i, ORDER);
            }
        };
    }

    private static VectorLoop.Body silu() {
        MemorySegment sigmoid = tile();
        return (x, y, n) -> {
            VectorMath.sigmoid(x[0], sigmoid.address(), n);
            for (int i = 0; i < n; i += STEP) {
                fromMemorySegment(SPECIES, MEMORY, x[0] + i, ORDER)
                        .mul(fromMemorySegment(SPECIES, MEMORY, sigmoid.address() + i, ORDER))
                        .intoMemorySegment(MEMORY, y[0] + i, ORDER);
            }
        };
    }

    /// `dy sigmoid(x) (1 + x (1 - sigmoid(x)))`.
    private static VectorLoop.Body siluGrad() {
        MemorySegment sigmoid = tile();
        return (x, y, n) -> {
            VectorMath.sigmoid(x[0], sigmoid.address(), n);
            for (int i = 0; i < n; i += STEP) {
                FloatVector s = fromMemorySegment(SPECIES, MEMORY, sigmoid.address() + i, ORDER);
                broadcast(SPECIES, 1)
                        .sub(s)
                        .fma(
                                fromMemorySegment(SPECIES, MEMORY, x[0] + i, ORDER),
                                broadcast(SPECIES, 1))
                        .mul(s)
                        .mul(fromMemorySegment(SPECIES, MEMORY, x[1] + i, ORDER))
                        .intoMemorySegment(MEMORY, y[0] + i, ORDER);
            }
        };
    }

    private static VectorLoop.Body tanh() {
        MemorySegment doubled = tile();
        return (x, y, n) -> VectorMath.tanh(x[0], y[0], n, doubled.address());
    }

    /// Memory for what a formula computes on the way.
    private static MemorySegment tile() {
        return Arena.ofAuto().allocate(VectorLoop.TILE, 64);
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
