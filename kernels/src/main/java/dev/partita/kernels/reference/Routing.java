package dev.partita.kernels.reference;

import dev.partita.dsl.graph.RoutingOp;
import dev.partita.dsl.tensor.Shape;
import dev.partita.kernels.Buffer;
import dev.partita.kernels.Kernel;
import dev.partita.kernels.KernelRequest;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.LongUnaryOperator;

/// Routing to experts: who gets which slot, and what goes there and back.
final class Routing {
    private static final int EMPTY = -1;

    private Routing() {}

    static Kernel kernel(RoutingOp op, KernelRequest request) {
        return switch (op) {
            case RoutingOp.Route route -> route(route, request);
            case RoutingOp.RouteGrad grad -> routeGrad(grad, request);
            case RoutingOp.Dispatch _ -> dispatch(request);
            case RoutingOp.Combine _ -> combine(request);
            case RoutingOp.SlotDot _ -> slotDot(request);
        };
    }

    private static Kernel route(RoutingOp.Route op, KernelRequest request) {
        Elements p = Elements.of(request.operand(0));
        Elements weights = Elements.of(request.result(0));
        MemorySegment positions = request.result(1).memory();
        Elements chosen = Elements.of(request.result(2));
        Elements dropped = Elements.of(request.result(3));
        Shape shape = request.operand(0).type().shape();
        long batch = shape.size(0);
        long length = shape.size(1);
        int experts = Math.toIntExact(shape.size(2));
        return () -> {
            for (long i = 0; i < experts * batch * op.capacity(); i++) {
                weights.set(i, 0);
                positions.setAtIndex(ValueLayout.JAVA_INT, i, EMPTY);
            }
            for (long i = 0; i < batch * experts; i++) {
                chosen.set(i, 0);
                dropped.set(i, 0);
            }
            for (long b = 0; b < batch; b++) {
                for (int rank = 0; rank < op.choices(); rank++) {
                    for (long s = 0; s < length; s++) {
                        long row = (b * length + s) * experts;
                        int expert = choice(p, row, experts, rank);
                        long slot = (long) chosen.get(b * experts + expert);
                        chosen.add(b * experts + expert, 1);
                        if (slot < op.capacity()) {
                            long at = (expert * batch + b) * op.capacity() + slot;
                            double sum = sum(p, row, experts, op.choices());
                            weights.set(at, p.get(row + expert) / sum);
                            positions.setAtIndex(ValueLayout.JAVA_INT, at, (int) s);
                        } else {
                            dropped.add(b * experts + expert, 1);
                        }
                    }
                }
            }
        };
    }

    /// The expert that as many others come before: those more probable, and those as probable that
    /// are earlier.
    private static int choice(Elements p, long row, int experts, int others) {
        for (int e = 0; e < experts; e++) {
            if (before(p, row, experts, e) == others) {
                return e;
            }
        }
        throw new IllegalStateException("no expert is number " + others);
    }

    private static int before(Elements p, long row, int experts, int expert) {
        int count = 0;
        for (int e = 0; e < experts; e++) {
            int order = Double.compare(p.get(row + e), p.get(row + expert));
            count += order > 0 || (order == 0 && e < expert) ? 1 : 0;
        }
        return count;
    }

    /// What the probabilities of a row are divided by: 1 for a single choice.
    private static double sum(Elements p, long row, int experts, int choices) {
        double sum = 0;
        for (int rank = 0; rank < choices; rank++) {
            sum += p.get(row + choice(p, row, experts, rank));
        }
        return choices == 1 ? 1 : sum;
    }

    private static Kernel routeGrad(RoutingOp.RouteGrad op, KernelRequest request) {
        Elements p = Elements.of(request.operand(0));
        Slots slots = Slots.of(request.operand(1), request.operand(0).type().shape().size(1));
        Elements dweights = Elements.of(request.operand(2));
        Elements dp = Elements.of(request.result(0));
        Shape shape = request.operand(0).type().shape();
        int experts = Math.toIntExact(shape.size(2));
        return () -> {
            for (long i = 0; i < shape.elements(); i++) {
                dp.set(i, 0);
            }
            for (long at = 0; at < slots.count(); at++) {
                if (slots.row(at) >= 0) {
                    dp.set(slots.row(at) * experts + slots.expert(at), dweights.get(at));
                }
            }
            for (long row = 0; op.choices() > 1 && row < shape.elements(); row += experts) {
                double sum = sum(p, row, experts, op.choices());
                double mean = 0;
                for (int rank = 0; rank < op.choices(); rank++) {
                    long at = row + choice(p, row, experts, rank);
                    mean += dp.get(at) * p.get(at) / sum;
                }
                for (int rank = 0; rank < op.choices(); rank++) {
                    long at = row + choice(p, row, experts, rank);
                    dp.set(at, (dp.get(at) - mean) / sum);
                }
            }
        };
    }

    private static Kernel dispatch(KernelRequest request) {
        Elements x = Elements.of(request.operand(0));
        Slots slots = Slots.of(request.operand(1), request.operand(0).type().shape().size(1));
        LongToDouble weight = weight(request);
        Elements y = Elements.of(request.result(0));
        long width = request.operand(0).type().shape().size(2);
        return () -> {
            for (long at = 0; at < slots.count(); at++) {
                long row = slots.row(at);
                for (long i = 0; i < width; i++) {
                    double value = row < 0 ? 0 : x.get(row * width + i) * weight.of(at);
                    y.set(at * width + i, value);
                }
            }
        };
    }

    private static Kernel combine(KernelRequest request) {
        Elements y = Elements.of(request.operand(0));
        Shape to = request.result(0).type().shape();
        Slots slots = Slots.of(request.operand(1), to.size(1));
        LongToDouble weight = weight(request);
        Elements x = Elements.of(request.result(0));
        long width = to.size(2);
        return () -> {
            for (long i = 0; i < to.elements(); i++) {
                x.set(i, 0);
            }
            for (long at = 0; at < slots.count(); at++) {
                long row = slots.row(at);
                for (long i = 0; row >= 0 && i < width; i++) {
                    x.add(row * width + i, y.get(at * width + i) * weight.of(at));
                }
            }
        };
    }

    private static Kernel slotDot(KernelRequest request) {
        Elements y = Elements.of(request.operand(0));
        Elements x = Elements.of(request.operand(1));
        Slots slots = Slots.of(request.operand(2), request.operand(1).type().shape().size(1));
        Elements dots = Elements.of(request.result(0));
        long width = request.operand(1).type().shape().size(2);
        return () -> {
            for (long at = 0; at < slots.count(); at++) {
                long row = slots.row(at);
                double dot = 0;
                for (long i = 0; row >= 0 && i < width; i++) {
                    dot += y.get(at * width + i) * x.get(row * width + i);
                }
                dots.set(at, dot);
            }
        };
    }

    @FunctionalInterface
    private interface LongToDouble {
        double of(long at);
    }

    private static LongToDouble weight(KernelRequest request) {
        if (request.operands().size() == 2) {
            return _ -> 1;
        }
        Elements weights = Elements.of(request.operand(2));
        return weights::get;
    }

    /// The slots of a block, counted in row-major order.
    ///
    /// @param count of all slots
    /// @param rows the row `batch * length + position` of a slot, below 0 if it is empty
    /// @param ofExpert how many slots an expert has
    private record Slots(long count, LongUnaryOperator rows, long ofExpert) {
        static Slots of(Buffer positions, long length) {
            Shape shape = positions.type().shape();
            MemorySegment memory = positions.memory();
            long batch = shape.size(1);
            long capacity = shape.size(2);
            return new Slots(
                    shape.elements(),
                    at -> {
                        int position = memory.getAtIndex(ValueLayout.JAVA_INT, at);
                        boolean empty = position < 0 || position >= length;
                        return empty ? EMPTY : at / capacity % batch * length + position;
                    },
                    batch * capacity);
        }

        long row(long at) {
            return rows.applyAsLong(at);
        }

        long expert(long at) {
            return at / ofExpert;
        }
    }
}
