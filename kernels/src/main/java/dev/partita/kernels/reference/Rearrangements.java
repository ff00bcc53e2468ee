package dev.partita.kernels.reference;

import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Reshard;
import dev.partita.dsl.tensor.Region;
import dev.partita.dsl.tensor.Shape;
import dev.partita.kernels.Buffer;
import dev.partita.kernels.Kernel;
import dev.partita.kernels.KernelRequest;
import dev.partita.kernels.StridedLoop;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// Ops that move elements and compute nothing.
final class Rearrangements {
    private Rearrangements() {}

    static Kernel constant(Op.Constant constant, KernelRequest request) {
        Elements result = Elements.of(request.result(0));
        long elements = constant.type().shape().elements();
        return () -> {
            for (long i = 0; i < elements; i++) {
                result.set(i, constant.value());
            }
        };
    }

    /// The same numbers, rounded where the result has fewer bits.
    static Kernel cast(KernelRequest request) {
        Elements x = Elements.of(request.operand(0));
        Elements y = Elements.of(request.result(0));
        long elements = request.result(0).type().shape().elements();
        return () -> {
            for (long i = 0; i < elements; i++) {
                y.set(i, x.get(i));
            }
        };
    }

    /// The same elements in the same order; nothing to do where the plan gave both one memory.
    static Kernel copy(KernelRequest request) {
        return copy(request.operand(0).memory(), request.result(0).memory());
    }

    static Kernel microBatch(Op.MicroBatch part, KernelRequest request) {
        MemorySegment to = request.result(0).memory();
        long bytes = to.byteSize();
        return copy(request.operand(0).memory().asSlice(part.index() * bytes, bytes), to);
    }

    private static Kernel copy(MemorySegment from, MemorySegment to) {
        return from.address() == to.address() ? () -> {} : () -> to.copyFrom(from);
    }

    /// The second operand's elements over the first's.
    static Kernel store(KernelRequest request) {
        MemorySegment from = request.operand(1).memory();
        MemorySegment to = request.result(0).memory();
        return () -> to.copyFrom(from);
    }

    static Kernel broadcast(Op.Broadcast broadcast, KernelRequest request) {
        Shape from = request.operand(0).type().shape();
        Shape to = request.result(0).type().shape();
        var strides = new long[to.rank()];
        for (int i = 0; i < from.rank(); i++) {
            strides[broadcast.dims().get(i)] = from.strides()[i];
        }
        var loop = new StridedLoop(sizes(to), strides);
        Elements x = Elements.of(request.operand(0));
        Elements y = Elements.of(request.result(0));
        return () -> {
            long i = 0;
            do {
                y.set(i++, x.get(loop.offset(0)));
            } while (loop.next());
        };
    }

    /// The part of the operand's block that lies in the result's: rows of `dim` and all inside it,
    /// a half at a time where the part has two.
    static Kernel slice(Reshard.Slice slice, KernelRequest request) {
        Buffer from = request.operand(0);
        Buffer to = request.result(0);
        int dim = slice.cut().dim();
        long fromRows = from.type().shape().size(dim);
        long toRows = to.type().shape().size(dim);
        Region.Along source = from.region().along(dim);
        Region.Along part = to.region().along(dim);
        int pieces = part.isHalved() ? 2 : 1;
        long rows = toRows / pieces;
        long inside = from.type().shape().strides()[dim] * from.type().dtype().bytes();
        long outside = to.type().bytes() / (toRows * inside);
        var starts = new long[pieces];
        Arrays.setAll(starts, i -> source.local(part.global(i * rows, toRows), fromRows));
        return () -> {
            for (long i = 0; i < outside; i++) {
                for (int piece = 0; piece < pieces; piece++) {
                    MemorySegment.copy(
                            from.memory(),
                            (i * fromRows + starts[piece]) * inside,
                            to.memory(),
                            (i * toRows + piece * rows) * inside,
                            rows * inside);
                }
            }
        };
    }

    static long[] sizes(Shape shape) {
        return shape.dims().stream().mapToLong(dim -> dim.size()).toArray();
    }
}
