package dev.partita.kernels.cpu;

import static dev.partita.kernels.cpu.Floats.LANES;
import static dev.partita.kernels.cpu.Floats.SPECIES;
import static jdk.incubator.vector.FloatVector.fromArray;

import dev.partita.dsl.graph.BatchNorm;
import dev.partita.kernels.Kernel;
import dev.partita.kernels.KernelRequest;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/// Batch normalisation per channel, the innermost dim. What is per channel is repeated to a tile of
/// several rows, so that narrow images fill vectors too; every kernel passes over memory once.
final class ChannelNorms {
    /// Tiles added in f32 before they join the f64 totals.
    private static final int TILES = 16;

    private final MemorySegment[] operands;
    private final long elements;
    private final int channels;
    private final int length;
    private final float[] x;
    private final float[] dy;

    private ChannelNorms(KernelRequest request) {
        operands = new MemorySegment[request.operands().size()];
        Arrays.setAll(operands, i -> request.operand(i).memory());
        elements = request.operand(0).type().shape().elements();
        channels = Math.toIntExact(request.operand(1).type().shape().elements());
        length = channels * Math.max(1, Tile.LENGTH / channels);
        x = tile();
        dy = tile();
    }

    static Kernel kernel(BatchNorm op, KernelRequest request) {
        var norms = new ChannelNorms(request);
        return switch (op) {
            case BatchNorm.Squares _ -> norms.squares(request);
            case BatchNorm.Normalize norm -> norms.normalize(norm, request);
            case BatchNorm.SumsGrad grad -> norms.sumsGrad(grad, request);
            case BatchNorm.InputGrad grad -> norms.inputGrad(grad, request);
        };
    }

    private Kernel squares(KernelRequest request) {
        MemorySegment result = request.result(0).memory();
        float[] mean = tile();
        float[] sums = tile();
        var totals = new double[channels];
        return () -> {
            loadChannels(1, mean);
            Arrays.fill(totals, 0);
            Arrays.fill(sums, 0);
            int tiles = 0;
            for (long start = 0; start < elements; start += length) {
                int n = load(0, start, x);
                // what lies behind the last element counts nothing
                System.arraycopy(mean, n, x, n, length - n);
                for (int i = 0; i < n; i += LANES) {
                    FloatVector centred = fromArray(SPECIES, x, i).sub(fromArray(SPECIES, mean, i));
                    centred.fma(centred, fromArray(SPECIES, sums, i)).intoArray(sums, i);
                }
                if (++tiles % TILES == 0 || start + length >= elements) {
                    total(sums, totals);
                }
            }
            store(totals, result);
        };
    }

    private Kernel normalize(BatchNorm.Normalize op, KernelRequest request) {
        MemorySegment result = request.result(0).memory();
        float[] scale = tile();
        float[] offset = tile();
        float[] mean = tile();
        float[] shift = tile();
        return () -> {
            loadChannels(1, mean);
            loadChannels(2, offset);
            loadChannels(3, scale);
            loadChannels(4, shift);
            for (int i = 0; i < length; i++) {
                scale[i] = (float) (scale[i] / Math.sqrt(offset[i] + op.epsilon()));
                offset[i] = shift[i];
            }
            for (long start = 0; start < elements; start += length) {
                int n = load(0, start, x);
                for (int i = 0; i < n; i += LANES) {
                    fromArray(SPECIES, x, i)
                            .sub(fromArray(SPECIES, mean, i))
                            .fma(fromArray(SPECIES, scale, i), fromArray(SPECIES, offset, i))
                            .intoArray(x, i);
                }
                Tile.store(x, result, start, n);
            }
        };
    }

    private Kernel sumsGrad(BatchNorm.SumsGrad op, KernelRequest request) {
        MemorySegment dgain = request.result(0).memory();
        MemorySegment dshift = request.result(1).memory();
        float[] mean = tile();
        float[] variance = tile();
        float[] products = tile();
        float[] sums = tile();
        var productTotals = new double[channels];
        var totals = new double[channels];
        return () -> {
            loadChannels(1, mean);
            loadChannels(2, variance);
            Arrays.fill(products, 0);
            Arrays.fill(sums, 0);
            Arrays.fill(productTotals, 0);
            Arrays.fill(totals, 0);
            int tiles = 0;
            for (long start = 0; start < elements; start += length) {
                int n = load(0, start, x);
                load(3, start, dy);
                Arrays.fill(dy, n, dy.length, 0);
                for (int i = 0; i < n; i += LANES) {
                    FloatVector gradient = fromArray(SPECIES, dy, i);
                    FloatVector centred = fromArray(SPECIES, x, i).sub(fromArray(SPECIES, mean, i));
                    centred.fma(gradient, fromArray(SPECIES, products, i)).intoArray(products, i);
                    gradient.add(fromArray(SPECIES, sums, i)).intoArray(sums, i);
                }
                if (++tiles % TILES == 0 || start + length >= elements) {
                    total(products, productTotals);
                    total(sums, totals);
                }
            }
            for (int c = 0; c < channels; c++) {
                productTotals[c] /= Math.sqrt(variance[c] + op.epsilon());
            }
            store(productTotals, dgain);
            store(totals, dshift);
        };
    }

    /// `dx = a dy + b (x - mean) + c`, with three numbers per channel.
    private Kernel inputGrad(BatchNorm.InputGrad op, KernelRequest request) {
        MemorySegment result = request.result(0).memory();
        float[] mean = tile();
        float[] a = tile();
        float[] b = tile();
        float[] c = tile();
        return () -> {
            loadChannels(1, mean);
            loadChannels(2, a);
            loadChannels(3, x);
            loadChannels(5, b);
            loadChannels(6, c);
            for (int i = 0; i < length; i++) {
                double rstd = 1 / Math.sqrt(a[i] + op.epsilon());
                double scale = x[i] * rstd;
                a[i] = (float) scale;
                b[i] = (float) (-scale * rstd * b[i] / op.count());
                c[i] = (float) (-scale * c[i] / op.count());
            }
            for (long start = 0; start < elements; start += length) {
                int n = load(0, start, x);
                load(4, start, dy);
                for (int i = 0; i < n; i += LANES) {
                    FloatVector along =
                            fromArray(SPECIES, x, i)
                                    .sub(fromArray(SPECIES, mean, i))
                                    .fma(fromArray(SPECIES, b, i), fromArray(SPECIES, c, i));
                    fromArray(SPECIES, dy, i).fma(fromArray(SPECIES, a, i), along).intoArray(dy, i);
                }
                Tile.store(dy, result, start, n);
            }
        };
    }

    private float[] tile() {
        return Tile.forWidth(length);
    }

    private int load(int operand, long start, float[] tile) {
        int n = (int) Math.min(length, elements - start);
        Tile.load(operands[operand], start, tile, n);
        return n;
    }

    /// Loads one number per channel, repeated over the tile.
    private void loadChannels(int operand, float[] tile) {
        Tile.load(operands[operand], 0, tile, channels);
        for (int at = channels; at < length; at += channels) {
            System.arraycopy(tile, 0, tile, at, channels);
        }
    }

    /// Adds a tile to the totals of its channels, and clears it.
    private void total(float[] tile, double[] totals) {
        for (int at = 0; at < length; at += channels) {
            for (int c = 0; c < channels; c++) {
                totals[c] += tile[at + c];
            }
        }
        Arrays.fill(tile, 0);
    }

    private static void store(double[] totals, MemorySegment result) {
        for (int c = 0; c < totals.length; c++) {
            result.setAtIndex(ValueLayout.JAVA_FLOAT, c, (float) totals[c]);
        }
    }
}
