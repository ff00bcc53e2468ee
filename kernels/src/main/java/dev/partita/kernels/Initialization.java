package dev.partita.kernels;

import dev.partita.dsl.graph.Initializer;
import dev.partita.dsl.tensor.Dtype;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;

/// First values of parameters, drawn from [Philox] with key `seed` and counter `(index / 2, hash of
/// the name)`, where `index` is an element's row-major index in the whole tensor. Two elements
/// share a block, each with 64 of its bits, so a weight is the same number under every sharding,
/// and in f32 the rounded f64 one.
public final class Initialization {
    private static final long FNV_OFFSET = 0xCBF29CE484222325L;
    private static final long FNV_PRIME = 0x100000001B3L;

    private Initialization() {}

    /// Fills `buffer`, a block of the parameter of this name.
    ///
    /// @throws IllegalArgumentException if the buffer is neither f32 nor f64
    public static void fill(
            Buffer buffer, Initializer initializer, long seed, String parameterName) {
        Dtype dtype = buffer.type().dtype();
        if (dtype != Dtype.F32 && dtype != Dtype.F64) {
            throw new IllegalArgumentException("parameters are f32 or f64, not " + dtype);
        }
        var draw = new Draw(initializer, seed, hash(parameterName));
        buffer.region()
                .forEachRow(
                        buffer.type().shape(),
                        (global, local, length) -> {
                            for (long i = 0; i < length; i++) {
                                store(buffer.memory(), dtype, local + i, draw.at(global + i));
                            }
                        });
    }

    private static void store(MemorySegment memory, Dtype dtype, long index, double value) {
        if (dtype == Dtype.F64) {
            memory.setAtIndex(ValueLayout.JAVA_DOUBLE, index, value);
        } else {
            memory.setAtIndex(ValueLayout.JAVA_FLOAT, index, (float) value);
        }
    }

    /// FNV-1a of the name's UTF-8 bytes.
    private static long hash(String name) {
        long hash = FNV_OFFSET;
        for (byte b : name.getBytes(StandardCharsets.UTF_8)) {
            hash = (hash ^ (b & 0xFF)) * FNV_PRIME;
        }
        return hash;
    }

    /// The number at each global index.
    private static final class Draw {
        private final Initializer initializer;
        private final long seed;
        private final long name;
        private final int[] words = new int[4];

        Draw(Initializer initializer, long seed, long name) {
            this.initializer = initializer;
            this.seed = seed;
            this.name = name;
        }

        double at(long index) {
            return switch (initializer) {
                case Initializer.Fill fill -> fill.value();
                case Initializer.Uniform uniform -> {
                    Philox.block(seed, index / 2, name, words);
                    yield (2 * unit((int) (index % 2) * 2) - 1) * uniform.bound();
                }
                case Initializer.Normal normal -> {
                    Philox.block(seed, index / 2, name, words);
                    yield gaussian(index % 2 == 0) * normal.deviation();
                }
            };
        }

        /// Uniform over `[0, 1)` with 53 bits from words `first` and `first + 1`.
        private double unit(int first) {
            long bits = (long) words[first] << 32 | (words[first + 1] & 0xFFFFFFFFL);
            return (bits >>> 11) * 0x1p-53;
        }

        /// Box and Muller (1958); `StrictMath`, so that every platform starts from the same
        /// weights.
        private double gaussian(boolean even) {
            double radius = StrictMath.sqrt(-2 * StrictMath.log(1 - unit(0)));
            double angle = 2 * StrictMath.PI * unit(2);
            return radius * (even ? StrictMath.cos(angle) : StrictMath.sin(angle));
        }
    }
}
