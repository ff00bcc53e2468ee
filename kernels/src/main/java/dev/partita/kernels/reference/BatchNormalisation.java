package dev.partita.kernels.reference;

import dev.partita.dsl.graph.BatchNorm;
import dev.partita.kernels.Kernel;
import dev.partita.kernels.KernelRequest;
import java.util.Arrays;

/// Batch normalisation per channel, the innermost dim, element by element.
final class BatchNormalisation {
    private BatchNormalisation() {}

    static Kernel kernel(BatchNorm op, KernelRequest request) {
        return switch (op) {
            case BatchNorm.Squares _ -> squares(request);
            case BatchNorm.Normalize norm -> normalize(norm, request);
            case BatchNorm.SumsGrad grad -> sumsGrad(grad, request);
            case BatchNorm.InputGrad grad -> inputGrad(grad, request);
        };
    }

    private static Kernel squares(KernelRequest request) {
        Elements x = Elements.of(request.operand(0));
        Elements mean = Elements.of(request.operand(1));
        Elements y = Elements.of(request.result(0));
        long elements = request.operand(0).type().shape().elements();
        var sums = new double[channels(request)];
        return () -> {
            Arrays.fill(sums, 0);
            for (long i = 0; i < elements; i++) {
                int c = (int) (i % sums.length);
                double centred = x.get(i) - mean.get(c);
                sums[c] += centred * centred;
            }
            for (int c = 0; c < sums.length; c++) {
                y.set(c, sums[c]);
            }
        };
    }

    private static Kernel normalize(BatchNorm.Normalize op, KernelRequest request) {
        Elements x = Elements.of(request.operand(0));
        Elements mean = Elements.of(request.operand(1));
        Elements variance = Elements.of(request.operand(2));
        Elements gain = Elements.of(request.operand(3));
        Elements shift = Elements.of(request.operand(4));
        Elements y = Elements.of(request.result(0));
        long elements = request.operand(0).type().shape().elements();
        int channels = channels(request);
        return () -> {
            for (long i = 0; i < elements; i++) {
                long c = i % channels;
                double normal =
                        (x.get(i) - mean.get(c)) / Math.sqrt(variance.get(c) + op.epsilon());
                y.set(i, normal * gain.get(c) + shift.get(c));
            }
        };
    }

    private static Kernel sumsGrad(BatchNorm.SumsGrad op, KernelRequest request) {
        Elements x = Elements.of(request.operand(0));
        Elements mean = Elements.of(request.operand(1));
        Elements variance = Elements.of(request.operand(2));
        Elements dy = Elements.of(request.operand(3));
        Elements dgain = Elements.of(request.result(0));
        Elements dshift = Elements.of(request.result(1));
        long elements = request.operand(0).type().shape().elements();
        var products = new double[channels(request)];
        var sums = new double[channels(request)];
        return () -> {
            Arrays.fill(products, 0);
            Arrays.fill(sums, 0);
            for (long i = 0; i < elements; i++) {
                int c = (int) (i % sums.length);
                products[c] += dy.get(i) * (x.get(i) - mean.get(c));
                sums[c] += dy.get(i);
            }
            for (int c = 0; c < sums.length; c++) {
                dgain.set(c, products[c] / Math.sqrt(variance.get(c) + op.epsilon()));
                dshift.set(c, sums[c]);
            }
        };
    }

    private static Kernel inputGrad(BatchNorm.InputGrad op, KernelRequest request) {
        Elements x = Elements.of(request.operand(0));
        Elements mean = Elements.of(request.operand(1));
        Elements variance = Elements.of(request.operand(2));
        Elements gain = Elements.of(request.operand(3));
        Elements dy = Elements.of(request.operand(4));
        Elements dgain = Elements.of(request.operand(5));
        Elements dshift = Elements.of(request.operand(6));
        Elements dx = Elements.of(request.result(0));
        long elements = request.operand(0).type().shape().elements();
        int channels = channels(request);
        return () -> {
            for (long i = 0; i < elements; i++) {
                long c = i % channels;
                double rstd = 1 / Math.sqrt(variance.get(c) + op.epsilon());
                double normal = (x.get(i) - mean.get(c)) * rstd;
                double undone = (dshift.get(c) + normal * dgain.get(c)) / op.count();
                dx.set(i, gain.get(c) * rstd * (dy.get(i) - undone));
            }
        };
    }

    private static int channels(KernelRequest request) {
        return Math.toIntExact(request.operand(1).type().shape().elements());
    }
}
