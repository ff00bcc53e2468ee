package dev.partita.kernels.cpu;

import static org.bytedeco.dnnl.global.dnnl.*;

import dev.partita.kernels.Kernel;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Function;
import org.bytedeco.dnnl.dnnl_exec_arg_t;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive;
import org.bytedeco.dnnl.dnnl_primitive_desc;

/// A oneDNN primitive bound to our plain buffers. Where the primitive prefers another order in
/// memory for an argument, a reorder runs before or after it. Running is a handful of native calls
/// with argument blocks built when it was opened.
final class OneDnnKernel implements Kernel {
    private final Call[] calls;
    private final OneDnnScope scope;

    private OneDnnKernel(List<Call> calls, OneDnnScope scope) {
        this.calls = calls.toArray(Call[]::new);
        this.scope = scope;
    }

    /// One native call.
    private record Call(dnnl_primitive primitive, int count, dnnl_exec_arg_t arguments) {}

    /// Finds a primitive and binds it; empty where oneDNN has none.
    static Optional<Kernel> open(
            Function<OneDnnScope, Optional<dnnl_primitive_desc>> finder,
            Consumer<Binder> arguments) {
        var scope = new OneDnnScope();
        Optional<dnnl_primitive_desc> found = finder.apply(scope);
        if (found.isEmpty()) {
            scope.close();
            return Optional.empty();
        }
        var binder = new Binder(scope, found.get());
        arguments.accept(binder);
        return Optional.of(new OneDnnKernel(binder.calls(), scope));
    }

    @Override
    public void run() {
        for (Call call : calls) {
            int status =
                    dnnl_primitive_execute(
                            call.primitive, OneDnn.stream(), call.count, call.arguments);
            if (status != dnnl_success) {
                OneDnn.check(status, "running a primitive");
            }
        }
    }

    @Override
    public long workspaceBytes() {
        return scope.allocatedBytes();
    }

    @Override
    public void close() {
        scope.close();
    }

    /// Binds the arguments of one primitive to buffers.
    static final class Binder {
        private final OneDnnScope scope;
        private final dnnl_primitive_desc descriptor;
        private final List<Call> before = new ArrayList<>();
        private final List<Call> after = new ArrayList<>();
        private final Map<Integer, dnnl_memory> bound = new TreeMap<>();

        private Binder(OneDnnScope scope, dnnl_primitive_desc descriptor) {
            this.scope = scope;
            this.descriptor = descriptor;
        }

        /// An argument that the primitive reads, in the layout we have it.
        void read(int argument, Layout layout, MemorySegment buffer) {
            bind(argument, layout, buffer, true);
        }

        /// An argument that the primitive writes, in the layout we want it.
        void write(int argument, Layout layout, MemorySegment buffer) {
            bind(argument, layout, buffer, false);
        }

        /// An argument in the primitive's own format, which is ours as well.
        void exactly(int argument, MemorySegment buffer) {
            bound.put(argument, scope.memory(wanted(argument), buffer));
        }

        private void bind(
                int argument, Layout layout, MemorySegment buffer, boolean primitiveReads) {
            dnnl_memory_desc ours = scope.plain(layout);
            dnnl_memory_desc wanted = wanted(argument);
            dnnl_memory plain = scope.memory(ours, buffer);
            if (dnnl_memory_desc_equal(ours, wanted) == 1) {
                bound.put(argument, plain);
                return;
            }
            dnnl_memory preferred = scope.memory(wanted, scope.allocate(wanted));
            bound.put(argument, preferred);
            if (primitiveReads) {
                before.add(reorder(ours, plain, wanted, preferred));
            } else {
                after.add(reorder(wanted, preferred, ours, plain));
            }
        }

        private dnnl_memory_desc wanted(int argument) {
            return dnnl_primitive_desc_query_md(descriptor, dnnl_query_exec_arg_md, argument);
        }

        private Call reorder(
                dnnl_memory_desc from,
                dnnl_memory source,
                dnnl_memory_desc to,
                dnnl_memory target) {
            var reorder = new dnnl_primitive_desc();
            OneDnn.check(
                    dnnl_reorder_primitive_desc_create(
                            reorder,
                            from,
                            OneDnn.engine(),
                            to,
                            OneDnn.engine(),
                            scope.attributes()),
                    "creating a reorder");
            Call call = call(reorder, Map.of(DNNL_ARG_FROM, source, DNNL_ARG_TO, target));
            dnnl_primitive_desc_destroy(reorder);
            return call;
        }

        private List<Call> calls() {
            var all = new ArrayList<>(before);
            all.add(call(descriptor, bound));
            all.addAll(after);
            return all;
        }

        private Call call(dnnl_primitive_desc of, Map<Integer, dnnl_memory> operands) {
            var arguments = new TreeMap<>(operands);
            dnnl_memory_desc scratch =
                    dnnl_primitive_desc_query_md(of, dnnl_query_scratchpad_md, 0);
            arguments.put(DNNL_ARG_SCRATCHPAD, scope.memory(scratch, scope.allocate(scratch)));
            return new Call(scope.primitive(of), arguments.size(), scope.arguments(arguments));
        }
    }
}
