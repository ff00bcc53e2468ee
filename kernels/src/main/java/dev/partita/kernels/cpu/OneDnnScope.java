package dev.partita.kernels.cpu;

import static org.bytedeco.dnnl.global.dnnl.*;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.ToIntFunction;
import org.bytedeco.dnnl.dnnl_exec_arg_t;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_post_ops;
import org.bytedeco.dnnl.dnnl_primitive;
import org.bytedeco.dnnl.dnnl_primitive_attr;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;

/// Creates oneDNN objects and destroys them, the last one first, when it is closed.
final class OneDnnScope implements AutoCloseable {
    private final Arena arena = Arena.ofShared();
    private final Deque<Runnable> destroy = new ArrayDeque<>();
    private long allocatedBytes;

    /// A call that creates a primitive's descriptor and returns a status.
    @FunctionalInterface
    interface Creation {
        int create(dnnl_primitive_desc result);
    }

    /// A tensor as it lies in memory.
    dnnl_memory_desc plain(Layout layout) {
        var result = new dnnl_memory_desc();
        long[] sizes = layout.sizes();
        OneDnn.check(
                dnnl_memory_desc_create_with_strides(
                        result, sizes.length, sizes, OneDnn.type(layout.dtype()), layout.strides()),
                "describing " + layout);
        destroy.push(() -> dnnl_memory_desc_destroy(result));
        return result;
    }

    /// The same dims in whatever order in memory the primitive likes best.
    dnnl_memory_desc any(Layout layout) {
        var result = new dnnl_memory_desc();
        long[] sizes = layout.sizes();
        OneDnn.check(
                dnnl_memory_desc_create_with_tag(
                        result,
                        sizes.length,
                        sizes,
                        OneDnn.type(layout.dtype()),
                        dnnl_format_tag_any),
                "describing " + layout);
        destroy.push(() -> dnnl_memory_desc_destroy(result));
        return result;
    }

    /// Scratch memory from us, and the same bits every run.
    dnnl_primitive_attr attributes() {
        var result = new dnnl_primitive_attr();
        OneDnn.check(dnnl_primitive_attr_create(result), "attributes");
        destroy.push(() -> dnnl_primitive_attr_destroy(result));
        OneDnn.check(
                dnnl_primitive_attr_set_scratchpad_mode(result, dnnl_scratchpad_mode_user),
                "scratchpad mode");
        OneDnn.check(dnnl_primitive_attr_set_deterministic(result, 1), "deterministic mode");
        return result;
    }

    /// The same, and a closing relu.
    dnnl_primitive_attr attributesWithRelu() {
        return attributes(after -> dnnl_post_ops_append_eltwise(after, dnnl_eltwise_relu, 0, 0));
    }

    /// The same, and the result is added to what is there.
    dnnl_primitive_attr attributesAdding() {
        return attributes(after -> dnnl_post_ops_append_sum(after, 1, 0, dnnl_data_type_undef));
    }

    private dnnl_primitive_attr attributes(ToIntFunction<dnnl_post_ops> append) {
        dnnl_primitive_attr result = attributes();
        var after = new dnnl_post_ops();
        OneDnn.check(dnnl_post_ops_create(after), "post-ops");
        destroy.push(() -> dnnl_post_ops_destroy(after));
        OneDnn.check(append.applyAsInt(after), "what follows");
        OneDnn.check(dnnl_primitive_attr_set_post_ops(result, after), "post-ops");
        return result;
    }

    /// Asks for a primitive; empty where oneDNN has none, or only its own slow reference.
    Optional<dnnl_primitive_desc> find(Creation creation) {
        return find(creation, _ -> false);
    }

    /// The same, passing over implementations that are known to be broken.
    ///
    /// @param broken tells by the name that [#implementation] gives
    Optional<dnnl_primitive_desc> find(Creation creation, Predicate<String> broken) {
        var result = new dnnl_primitive_desc();
        int status = creation.create(result);
        if (status == dnnl_unimplemented) {
            return Optional.empty();
        }
        OneDnn.check(status, "finding a primitive");
        own(result);
        while (broken.test(implementation(result))) {
            if (dnnl_primitive_desc_next_impl(result) != dnnl_success) {
                return Optional.empty();
            }
        }
        return implementation(result).startsWith("ref") ? Optional.empty() : Optional.of(result);
    }

    /// Destroys this one too.
    void own(dnnl_primitive_desc descriptor) {
        destroy.push(() -> dnnl_primitive_desc_destroy(descriptor));
    }

    /// The name that oneDNN gives to the code it picked, such as `brgconv:avx512_core`.
    static String implementation(dnnl_primitive_desc descriptor) {
        try (var name = new PointerPointer<BytePointer>(1)) {
            OneDnn.check(
                    dnnl_primitive_desc_query(descriptor, dnnl_query_impl_info_str, 0, name),
                    "naming an implementation");
            return name.get(BytePointer.class, 0).getString();
        }
    }

    dnnl_primitive primitive(dnnl_primitive_desc descriptor) {
        var result = new dnnl_primitive();
        OneDnn.check(dnnl_primitive_create(result, descriptor), "creating a primitive");
        destroy.push(() -> dnnl_primitive_destroy(result));
        return result;
    }

    /// A buffer under a description of what lies in it.
    dnnl_memory memory(dnnl_memory_desc description, MemorySegment buffer) {
        var result = new dnnl_memory();
        OneDnn.check(
                dnnl_memory_create(result, description, OneDnn.engine(), new Address(buffer)),
                "binding memory");
        destroy.push(() -> dnnl_memory_destroy(result));
        return result;
    }

    /// New memory for what is described, valid until this scope is closed.
    MemorySegment allocate(dnnl_memory_desc description) {
        long bytes = dnnl_memory_desc_get_size(description);
        allocatedBytes += bytes;
        return bytes == 0 ? MemorySegment.NULL : arena.allocate(bytes, 64);
    }

    /// The block of arguments that a primitive runs with.
    dnnl_exec_arg_t arguments(Map<Integer, dnnl_memory> bound) {
        var block = new dnnl_exec_arg_t(bound.size());
        destroy.push(block::deallocate);
        int i = 0;
        for (var entry : bound.entrySet()) {
            block.position(i++).arg(entry.getKey()).memory(entry.getValue());
        }
        return block.position(0);
    }

    long allocatedBytes() {
        return allocatedBytes;
    }

    @Override
    public void close() {
        destroy.forEach(Runnable::run);
        destroy.clear();
        arena.close();
    }

    /// Our memory as JavaCPP passes it: an address that it neither owns nor frees.
    private static final class Address extends Pointer {
        Address(MemorySegment segment) {
            address = segment.address();
        }
    }
}
