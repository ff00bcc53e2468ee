package dev.partita.kernels.reference;

import dev.partita.dsl.graph.BatchNorm;
import dev.partita.kernels.Kernel;
import dev.partita.kernels.KernelRequest;
import java.util.Arrays;

/// Batch normalisation per channel, the innermost dim, element by element.
final class BatchNormalisation {
    private final long elements;
    private final int statistics;
    private final int channels;

    private BatchNormalisation(KernelRequest request) {
        elements = request.operand(0).type().shape().elements();
        statistics = Math.toIntExact(request.operand(1).type().shape().elements());
        channels = Math.toIntExact(request.operand(0).type().shape().dims().getLast().size());
    }

    static Kernel kernel(BatchNorm op, KernelRequest request) {
        var norm = new BatchNormalisation(request);
        return switch (op) {
            case BatchNorm.Squares _ -> norm.squares(request);
            case BatchNorm.Normalize normalize -> norm.normalize(normalize, request);
            case BatchNorm.SumsGrad grad -> norm.sumsGrad(grad, request);
            case BatchNorm.InputGrad grad -> norm.inputGrad(grad, request);
        };
    }

    private int channel(long element) {
        return (int) (element % channels);
    }

    /// The statistic of an element: that of its channel in its group.
    private int statistic(long element) {
        long group = element / (elements / statistics * channels);
        return (int) (group * channels + channel(element));
    }

    private Kernel squares(KernelRequest request) {
        Elements x = Elements.of(request.operand(0));
        Elements mean = Elements.of(request.operand(1));
        Elements y = Elements.of(request.result(0));
        var sums = new double[statistics];
        return () -> {
            Arrays.fill(sums, 0);
            for (long i = 0; i < elements; i++) {
                int s = statistic(i);
                double centred = x.get(i) - mean.get(s);
                sums[s] += centred * centred;
            }
            for (int s = 0; s < sums.length; s++) {
                y.set(s, sums[s]);
            }
        };
    }

    private Kernel normalize(BatchNorm.Normalize op, KernelRequest request) {
        Elements x = Elements.of(request.operand(0));
        Elements mean = Elements.of(request.operand(1));
        Elements variance = Elements.of(request.operand(2));
        Elements gain = Elements.of(request.operand(3));
        Elements shift = Elements.of(request.operand(4));
        Elements y = Elements.of(request.result(0));
        return () -> {
            for (long i = 0; i < elements; i++) {
                int s = statistic(i);
                int c = channel(i);
                double normal =
                        (x.get(i) - mean.get(s)) / Math.sqrt(variance.get(s) + op.epsilon());
                y.set(i, normal * gain.get(c) + shift.get(c));
            }
        };
    }

    private Kernel sumsGrad(BatchNorm.SumsGrad op, KernelRequest request) {
        Elements x = Elements.of(request.operand(0));
        Elements mean = Elements.of(request.operand(1));
        Elements variance = Elements.of(request.operand(2));
        Elements dy = Elements.of(request.operand(3));
        Elements dgain = Elements.of(request.result(0));
        Elements dshift = Elements.of(request.result(1));
        var products = new double[statistics];
        var sums = new double[statistics];
        return () -> {
            Arrays.fill(products, 0);
            Arrays.fill(sums, 0);
            for (long i = 0; i < elements; i++) {
                int s = statistic(i);
                products[s] += dy.get(i) * (x.get(i) - mean.get(s));
                sums[s] += dy.get(i);
            }
            for (int s = 0; s < sums.length; s++) {
                dgain.set(s, products[s] / Math.sqrt(variance.get(s) + op.epsilon()));
                dshift.set(s, sums[s]);
            }
        };
    }

    private Kernel inputGrad(BatchNorm.InputGrad op, KernelRequest request) {
        Elements x = Elements.of(request.operand(0));
        Elements mean = Elements.of(request.operand(1));
        Elements variance = Elements.of(request.operand(2));
        Elements gain = Elements.of(request.operand(3));
        Elements dy = Elements.of(request.operand(4));
        Elements dgain = Elements.of(request.operand(5));
        Elements dshift = Elements.of(request.operand(6));
        Elements dx = Elements.of(request.result(0));
        return () -> {
            for (long i = 0; i < elements; i++) {
                int s = statistic(i);
                double rstd = 1 / Math.sqrt(variance.get(s) + op.epsilon());
                double normal = (x.get(i) - mean.get(s)) * rstd;
                double undone = (dshift.get(s) + normal * dgain.get(s)) / op.count();
                dx.set(i, gain.get(channel(i)) * rstd * (dy.get(i) - undone));
            }
        };
    }
}
