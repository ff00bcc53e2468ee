package dev.partita.kernels.cpu;

import static org.bytedeco.dnnl.global.dnnl.*;

import dev.partita.dsl.graph.Window;
import dev.partita.dsl.tensor.Shape;
import java.util.Optional;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive_desc;

/// A max-pooling as oneDNN describes it, with one byte per result element for the position of the
/// maximum inside its window.
final class PoolingForm {
    private final long elements;
    private final long[] strides;
    private final long[] kernel;
    private final long[] dilations = {0, 0};
    private final long[] before;
    private final long[] after;

    PoolingForm(Window window, Shape x, Shape y) {
        elements = y.elements();
        strides = new long[] {window.stride(), window.stride()};
        kernel = new long[] {window.height(), window.width()};
        before = new long[] {window.padding(), window.padding()};
        after = paddingAfter(window, x, y);
    }

    /// The padding that the last window really reaches, below and to the right: less than the
    /// padding before, even negative, where the windows end inside the image.
    static long[] paddingAfter(Window window, Shape x, Shape y) {
        var after = new long[2];
        for (int i = 0; i < 2; i++) {
            int extent = i == 0 ? window.height() : window.width();
            long reach = (y.size(i + 1) - 1) * window.stride() + extent;
            after[i] = reach - x.size(i + 1) - window.padding();
        }
        return after;
    }

    Optional<dnnl_primitive_desc> forward(
            OneDnnScope scope, dnnl_memory_desc x, dnnl_memory_desc y) {
        return scope.find(result ->
                        dnnl_pooling_forward_primitive_desc_create(
                                result,
                                OneDnn.engine(),
                                dnnl_forward_training,
                                dnnl_pooling_max,
                                x,
                                y,
                                strides,
                                kernel,
                                dilations,
                                before,
                                after,
                                scope.attributes()))
                .filter(this::positionsAreBytes);
    }

    Optional<dnnl_primitive_desc> backward(
            OneDnnScope scope, dnnl_memory_desc dx, dnnl_memory_desc dy) {
        return forward(scope, dx, dy)
                .flatMap(hint ->
                        scope.find(result ->
                                dnnl_pooling_backward_primitive_desc_create(
                                        result,
                                        OneDnn.engine(),
                                        dnnl_pooling_max,
                                        dx,
                                        dy,
                                        strides,
                                        kernel,
                                        dilations,
                                        before,
                                        after,
                                        hint,
                                        scope.attributes())))
                .filter(this::positionsAreBytes);
    }

    private boolean positionsAreBytes(dnnl_primitive_desc found) {
        return dnnl_memory_desc_get_size(
                        dnnl_primitive_desc_query_md(found, dnnl_query_workspace_md, 0))
                == elements;
    }
}
