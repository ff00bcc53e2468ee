package dev.partita.kernels.cpu;

import static org.bytedeco.dnnl.global.dnnl.*;

import dev.partita.dsl.graph.Window;
import dev.partita.dsl.tensor.Dim;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.dsl.tensor.Shape;
import dev.partita.dsl.tensor.TensorType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.bytedeco.dnnl.dnnl_exec_arg_t;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive;
import org.bytedeco.dnnl.dnnl_primitive_desc;

/// The speed limit that a training step is measured against: the matmul, convolution and pooling
/// primitives of oneDNN alone, for the ConvNet with 3x3 convolutions 1-32-64, 2x2 pools and linear
/// layers 1600-256-10 over 28x28 images.
///
/// One [#step] runs, in the order of training: convolution with bias and pooling, twice; two
/// matmuls with bias, the first with relu; the two gradients of each matmul; pooling's gradient and
/// both gradients of the second convolution; pooling's gradient and the weight gradient of the
/// first. Every primitive chooses the order in memory of every tensor, and no reorder runs where
/// two disagree; other activations, loss, bias sums and the optimizer are left out. So no program
/// made of these primitives is faster. The arithmetic is real, the data is noise.
public final class PrimitiveCeiling implements AutoCloseable {
    private static final Window CONVOLUTION = Window.square(3, 1, 0);
    private static final Window POOL = Window.square(2, 2, 0);
    private static final int[] ARGUMENTS = {
        DNNL_ARG_SRC,
        DNNL_ARG_WEIGHTS,
        DNNL_ARG_BIAS,
        DNNL_ARG_DST,
        DNNL_ARG_DIFF_SRC,
        DNNL_ARG_DIFF_WEIGHTS,
        DNNL_ARG_DIFF_BIAS,
        DNNL_ARG_DIFF_DST,
        DNNL_ARG_WORKSPACE,
        DNNL_ARG_SCRATCHPAD
    };

    private final Dtype dtype;
    private final OneDnnScope scope = new OneDnnScope();
    private final List<Call> calls = new ArrayList<>();
    private final Map<String, MemorySegment> tensors = new HashMap<>();

    private PrimitiveCeiling(int batch, Dtype dtype) {
        this.dtype = dtype;
        Stage first = new Stage(1, type(batch, 28, 28, 1), 32);
        Stage second = new Stage(2, first.pooled, 64);
        long flat = second.pooled.shape().elements() / batch;
        first.forward();
        second.forward();
        matmul(batch, flat, 256, "pooled2", "w3", "y3", true);
        matmul(batch, 256, 10, "y3", "w4", "y4", false);
        matmul(10, batch, 256, "dy4", "y3", "dw4", false);
        matmul(batch, 10, 256, "dy4", "w4", "dy3", false);
        matmul(256, batch, flat, "dy3", "pooled2", "dw3", false);
        matmul(batch, 256, flat, "dy3", "w3", "dpooled2", false);
        second.backward();
        second.inputGrad();
        first.backward();
    }

    /// The ConvNet's primitives for `batch` examples in f32 or a half type; empty where oneDNN does
    /// not compute in that.
    public static Optional<PrimitiveCeiling> convNet(int batch, Dtype dtype) {
        return OneDnn.computes(dtype)
                ? Optional.of(new PrimitiveCeiling(batch, dtype))
                : Optional.empty();
    }

    /// One training step's worth of primitives, on the calling thread.
    public void step() {
        for (Call call : calls) {
            call.run();
        }
    }

    /// The primitives in order, each with the name of the code that oneDNN picked.
    public List<String> primitives() {
        return calls.stream().map(Call::name).toList();
    }

    @Override
    public void close() {
        scope.close();
    }

    private TensorType type(long... sizes) {
        var dims = new ArrayList<Dim>();
        for (long size : sizes) {
            dims.add(new Dim("d" + dims.size(), size));
        }
        return new TensorType(dtype, new Shape(dims));
    }

    /// `rows x inner` times `inner x columns`; those of the forward pass end with a bias.
    private void matmul(
            long rows,
            long inner,
            long columns,
            String left,
            String right,
            String result,
            boolean relu) {
        boolean forward = result.startsWith("y");
        Layout bias = new Layout(dtype, new long[] {1, columns}, new long[] {columns, 1});
        add(
                "matmul " + result,
                scope.find(desc ->
                        dnnl_matmul_primitive_desc_create(
                                desc,
                                OneDnn.engine(),
                                scope.any(Layout.of(type(rows, inner))),
                                scope.any(Layout.of(type(inner, columns))),
                                forward ? scope.plain(bias) : null,
                                scope.any(Layout.of(type(rows, columns))),
                                relu ? scope.attributesWithRelu() : scope.attributes())),
                Map.of(
                        DNNL_ARG_SRC, left,
                        DNNL_ARG_WEIGHTS, right,
                        DNNL_ARG_DST, result));
    }

    /// Adds a primitive. Arguments that are not named are tensors of its own.
    private void add(String name, Optional<dnnl_primitive_desc> found, Map<Integer, String> named) {
        dnnl_primitive_desc descriptor = found.orElseThrow();
        var bound = new TreeMap<Integer, dnnl_memory>();
        for (int argument : ARGUMENTS) {
            dnnl_memory_desc layout =
                    dnnl_primitive_desc_query_md(descriptor, dnnl_query_exec_arg_md, argument);
            if (layout != null && dnnl_memory_desc_get_size(layout) > 0) {
                String tensor = named.getOrDefault(argument, name + " " + argument);
                bound.put(argument, scope.memory(layout, tensor(tensor, layout)));
            }
        }
        calls.add(
                new Call(
                        name + ": " + OneDnnScope.implementation(descriptor),
                        scope.primitive(descriptor),
                        bound.size(),
                        scope.arguments(bound)));
    }

    /// The memory of a tensor; two primitives share it if it takes as many bytes in both layouts.
    private MemorySegment tensor(String name, dnnl_memory_desc layout) {
        return tensors.computeIfAbsent(
                name + " " + dnnl_memory_desc_get_size(layout), _ -> noise(scope.allocate(layout)));
    }

    /// Small numbers of both signs, so that sums neither overflow nor vanish.
    private MemorySegment noise(MemorySegment memory) {
        for (long i = 0; i < memory.byteSize() / dtype.bytes(); i++) {
            float value = ((i * 0x9E3779B1L) >>> 8 & 0xFF) / 1024f - 0.125f;
            if (dtype == Dtype.F32) {
                memory.setAtIndex(ValueLayout.JAVA_FLOAT, i, value);
            } else {
                memory.setAtIndex(ValueLayout.JAVA_SHORT, i, HalfFloats.narrow(dtype, value));
            }
        }
        return memory;
    }

    private record Call(
            String name, dnnl_primitive primitive, int count, dnnl_exec_arg_t arguments) {
        void run() {
            OneDnn.check(
                    dnnl_primitive_execute(primitive, OneDnn.stream(), count, arguments), name);
        }
    }

    /// A convolution and the pooling behind it.
    private final class Stage {
        private final int number;
        private final TensorType filtered;
        private final TensorType pooled;
        private final ConvolutionForm convolution;
        private final PoolingForm pooling;

        Stage(int number, TensorType image, long channels) {
            this.number = number;
            Shape sizes = image.shape();
            long height = sizes.size(1) - 2;
            long width = sizes.size(2) - 2;
            filtered = type(sizes.size(0), height, width, channels);
            pooled = type(sizes.size(0), height / 2, width / 2, channels);
            TensorType weight = type(channels, 3, 3, sizes.size(3));
            convolution =
                    new ConvolutionForm(CONVOLUTION, image, weight, filtered, OneDnnScope::any);
            pooling = new PoolingForm(POOL, filtered.shape(), pooled.shape());
        }

        void forward() {
            Optional<dnnl_primitive_desc> forward = convolution.forward(scope, true);
            add("convolution " + number, forward, Map.of(DNNL_ARG_SRC, image(), DNNL_ARG_DST, y()));
            add(
                    "pooling " + number,
                    pooling.forward(scope, preferred(), scope.any(Layout.channelsLast(pooled))),
                    Map.of(
                            DNNL_ARG_SRC, y(),
                            DNNL_ARG_DST, "pooled" + number,
                            DNNL_ARG_WORKSPACE, "positions" + number));
        }

        void backward() {
            add(
                    "pooling-grad " + number,
                    pooling.backward(scope, preferred(), scope.any(Layout.channelsLast(pooled))),
                    Map.of(
                            DNNL_ARG_DIFF_SRC, "d" + y(),
                            DNNL_ARG_DIFF_DST, "dpooled" + number,
                            DNNL_ARG_WORKSPACE, "positions" + number));
            add(
                    "convolution-weight-grad " + number,
                    convolution.weightGrad(scope, true),
                    Map.of(DNNL_ARG_SRC, image(), DNNL_ARG_DIFF_DST, "d" + y()));
        }

        void inputGrad() {
            add(
                    "convolution-input-grad " + number,
                    convolution.inputGrad(scope),
                    Map.of(DNNL_ARG_DIFF_SRC, "d" + image(), DNNL_ARG_DIFF_DST, "d" + y()));
        }

        /// The order in memory in which the convolution likes to leave its result.
        private dnnl_memory_desc preferred() {
            return dnnl_primitive_desc_query_md(
                    convolution.forward(scope, true).orElseThrow(), dnnl_query_dst_md, 0);
        }

        private String image() {
            return "pooled" + (number - 1);
        }

        private String y() {
            return "filtered" + number;
        }
    }
}
