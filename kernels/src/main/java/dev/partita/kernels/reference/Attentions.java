package dev.partita.kernels.reference;

import dev.partita.dsl.graph.AttentionOp;
import dev.partita.dsl.tensor.Region;
import dev.partita.dsl.tensor.Shape;
import dev.partita.kernels.Kernel;
import dev.partita.kernels.KernelRequest;
import dev.partita.kernels.SeenKeys;
import java.util.Arrays;

/// Attention, query by query, and rotary positions.
final class Attentions {
    private Attentions() {}

    static Kernel forward(AttentionOp.Attention op, KernelRequest request) {
        var heads = Heads.of(op.causal(), request);
        Elements q = Elements.of(request.operand(0));
        Elements k = Elements.of(request.operand(1));
        Elements v = Elements.of(request.operand(2));
        Elements y = Elements.of(request.result(0));
        Elements logSums = Elements.of(request.result(1));
        var weights = new double[heads.keys];
        return () -> {
            for (int query = 0; query < heads.queries; query++) {
                int seen = heads.seen(query);
                double max = Double.NEGATIVE_INFINITY;
                for (int t = 0; t < seen; t++) {
                    weights[t] = op.scale() * heads.dot(q, query, k, heads.key(query, t));
                    max = Math.max(max, weights[t]);
                }
                double sum = 0;
                for (int t = 0; t < seen; t++) {
                    sum += Math.exp(weights[t] - max);
                }
                double logSum = seen == 0 ? AttentionOp.NO_KEYS : max + Math.log(sum);
                logSums.set(query, logSum);
                for (int i = 0; i < heads.size; i++) {
                    double total = 0;
                    for (int t = 0; t < seen; t++) {
                        total += Math.exp(weights[t] - logSum) * v.get(heads.key(query, t) + i);
                    }
                    y.set((long) query * heads.size + i, total);
                }
            }
        };
    }

    static Kernel backward(AttentionOp.AttentionGrad op, KernelRequest request) {
        var heads = Heads.of(op.causal(), request);
        Elements q = Elements.of(request.operand(0));
        Elements k = Elements.of(request.operand(1));
        Elements v = Elements.of(request.operand(2));
        Elements y = Elements.of(request.operand(3));
        Elements logSums = Elements.of(request.operand(4));
        Elements dy = Elements.of(request.operand(5));
        Elements dq = Elements.of(request.result(0));
        var dk = new double[Math.toIntExact(request.operand(1).type().shape().elements())];
        var dv = new double[dk.length];
        return () -> {
            Arrays.fill(dk, 0);
            Arrays.fill(dv, 0);
            for (int query = 0; query < heads.queries; query++) {
                int own = query * heads.size;
                for (int i = 0; i < heads.size; i++) {
                    dq.set(own + i, 0);
                }
                double along = heads.dot(dy, query, y, own);
                for (int t = 0; t < heads.seen(query); t++) {
                    int key = heads.key(query, t);
                    double score = op.scale() * heads.dot(q, query, k, key);
                    double weight = Math.exp(score - logSums.get(query));
                    double slope = weight * (heads.dot(dy, query, v, key) - along) * op.scale();
                    for (int i = 0; i < heads.size; i++) {
                        dq.add(own + i, slope * k.get(key + i));
                        dk[key + i] += slope * q.get(own + i);
                        dv[key + i] += weight * dy.get(own + i);
                    }
                }
            }
            store(dk, Elements.of(request.result(1)));
            store(dv, Elements.of(request.result(2)));
        };
    }

    static Kernel merge(KernelRequest request) {
        Elements one = Elements.of(request.operand(0));
        Elements oneSums = Elements.of(request.operand(1));
        Elements other = Elements.of(request.operand(2));
        Elements otherSums = Elements.of(request.operand(3));
        Elements y = Elements.of(request.result(0));
        Elements logSums = Elements.of(request.result(1));
        long queries = request.result(1).type().shape().elements();
        long size = Normalisation.width(request.result(0).type().shape());
        return () -> {
            for (long query = 0; query < queries; query++) {
                double max = Math.max(oneSums.get(query), otherSums.get(query));
                double weight = Math.exp(oneSums.get(query) - max);
                double otherWeight = Math.exp(otherSums.get(query) - max);
                double sum = weight + otherWeight;
                for (long i = query * size; i < (query + 1) * size; i++) {
                    y.set(i, (weight * one.get(i) + otherWeight * other.get(i)) / sum);
                }
                logSums.set(query, max + Math.log(sum));
            }
        };
    }

    private static void store(double[] from, Elements to) {
        for (int i = 0; i < from.length; i++) {
            to.set(i, from[i]);
        }
    }

    static Kernel rotary(AttentionOp.Rotary op, KernelRequest request) {
        Elements x = Elements.of(request.operand(0));
        Elements y = Elements.of(request.result(0));
        Shape shape = request.operand(0).type().shape();
        long positions = shape.size(1);
        Region.Along along = request.operand(0).region().along(1);
        int size = Math.toIntExact(Normalisation.width(shape));
        long rows = shape.elements() / size;
        long rowsEach = shape.strides()[1] / size;
        int half = size / 2;
        return () -> {
            for (long row = 0; row < rows; row++) {
                double position = along.global(row / rowsEach % positions, positions);
                for (int i = 0; i < half; i++) {
                    double angle = position * Math.pow(op.base(), -2.0 * i / size);
                    double cos = Math.cos(angle);
                    double sin = op.back() ? -Math.sin(angle) : Math.sin(angle);
                    double a = x.get(row * size + i);
                    double b = x.get(row * size + i + half);
                    y.set(row * size + i, a * cos - b * sin);
                    y.set(row * size + i + half, a * sin + b * cos);
                }
            }
        };
    }

    /// Where queries and keys lie. Queries are counted row-major over batch, position, head and
    /// query of the head.
    private static final class Heads {
        final int queries;
        final int keys;
        final int size;
        private final int positions;
        private final int heads;
        private final int each;
        private final SeenKeys seen;

        private Heads(boolean causal, KernelRequest request) {
            Shape q = request.operand(0).type().shape();
            seen = SeenKeys.of(request.operand(0), request.operand(1), causal);
            size = (int) q.size(4);
            queries = Math.toIntExact(q.elements() / size);
            keys = (int) request.operand(1).type().shape().size(1);
            positions = (int) q.size(1);
            heads = (int) q.size(2);
            each = (int) q.size(3);
        }

        static Heads of(boolean causal, KernelRequest request) {
            return new Heads(causal, request);
        }

        /// How many keys, from the first, a query sees.
        int seen(int query) {
            return seen.count(query / (heads * each) % positions);
        }

        /// Index of the first element of the key at position `t` that belongs to a query.
        int key(int query, int t) {
            int batch = query / (positions * heads * each);
            int head = query / each % heads;
            return ((batch * keys + t) * heads + head) * size;
        }

        double dot(Elements a, int query, Elements b, int at) {
            double total = 0;
            for (int i = 0; i < size; i++) {
                total += a.get((long) query * size + i) * b.get(at + i);
            }
            return total;
        }
    }
}
