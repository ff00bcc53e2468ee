package dev.partita.kernels.cpu;

import static org.bytedeco.dnnl.global.dnnl.*;

import dev.partita.dsl.tensor.Dtype;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.TreeMap;
import org.bytedeco.dnnl.dnnl_exec_arg_t;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive;
import org.bytedeco.dnnl.dnnl_primitive_desc;

/// The most that one core multiplies and adds: oneDNN's matmul of two square matrices, every tensor
/// in the order in memory that it likes best. The arithmetic is real, every number the same.
public final class MatmulCeiling implements AutoCloseable {
    private static final long SIZE = 1024;

    /// As each byte of a number, a hundredth in `f32` as in `bf16`.
    private static final byte SMALL = 0x3c;

    private static final int[] ARGUMENTS = {
        DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST, DNNL_ARG_SCRATCHPAD
    };

    private final OneDnnScope scope = new OneDnnScope();
    private final dnnl_primitive primitive;
    private final dnnl_exec_arg_t arguments;
    private final int count;

    private MatmulCeiling(dnnl_primitive_desc descriptor) {
        scope.own(descriptor);
        var bound = new TreeMap<Integer, dnnl_memory>();
        for (int argument : ARGUMENTS) {
            dnnl_memory_desc layout =
                    dnnl_primitive_desc_query_md(descriptor, dnnl_query_exec_arg_md, argument);
            if (layout != null && dnnl_memory_desc_get_size(layout) > 0) {
                MemorySegment memory = scope.allocate(layout).fill(SMALL);
                bound.put(argument, scope.memory(layout, memory));
            }
        }
        primitive = scope.primitive(descriptor);
        arguments = scope.arguments(bound);
        count = bound.size();
    }

    /// The matmul of `f32` or `bf16` operands; empty where oneDNN has no fast code for it.
    public static Optional<MatmulCeiling> of(Dtype dtype) {
        if (!OneDnn.available()) {
            return Optional.empty();
        }
        try (var scope = new OneDnnScope()) {
            var descriptor = new dnnl_primitive_desc();
            dnnl_memory_desc square = square(dtype == Dtype.BF16 ? dnnl_bf16 : dnnl_f32);
            int status =
                    dnnl_matmul_primitive_desc_create(
                            descriptor,
                            OneDnn.engine(),
                            square,
                            square,
                            null,
                            square,
                            scope.attributes());
            dnnl_memory_desc_destroy(square);
            if (status == dnnl_unimplemented) {
                return Optional.empty();
            }
            OneDnn.check(status, "finding a matmul");
            if (OneDnnScope.implementation(descriptor).startsWith("ref")) {
                dnnl_primitive_desc_destroy(descriptor);
                return Optional.empty();
            }
            return Optional.of(new MatmulCeiling(descriptor));
        }
    }

    private static dnnl_memory_desc square(int type) {
        var result = new dnnl_memory_desc();
        OneDnn.check(
                dnnl_memory_desc_create_with_tag(
                        result, 2, new long[] {SIZE, SIZE}, type, dnnl_format_tag_any),
                "describing a square");
        return result;
    }

    /// One matmul, on the calling thread.
    public void step() {
        OneDnn.check(
                dnnl_primitive_execute(primitive, OneDnn.stream(), count, arguments), "matmul");
    }

    /// Floating-point operations of a [#step].
    public long arithmetic() {
        return 2 * SIZE * SIZE * SIZE;
    }

    @Override
    public void close() {
        scope.close();
    }
}
