package dev.partita.compiler.simplify;

import dev.partita.dsl.graph.Elementwise;
import dev.partita.dsl.graph.Epilogue;
import dev.partita.dsl.graph.Graph;
import dev.partita.dsl.graph.Node;
import dev.partita.dsl.graph.Op;
import java.util.Optional;

/// Lets a contraction add the bias and rectify before it stores its result:
/// `relu(add-bias(einsum(x, w), b))` becomes `einsum+bias+relu(x, w, b)` where nothing else reads
/// the values between.
public final class FuseEpilogue {
    private FuseEpilogue() {}

    public static Graph run(Graph graph) {
        return OnlyUses.absorb(graph, FuseEpilogue::fuse);
    }

    private static Optional<Op> fuse(Node producer, Node consumer) {
        return switch (producer.op()) {
            case Op.Einsum(var spec, var epilogue) ->
                    extended(epilogue, consumer.op()).map(more -> new Op.Einsum(spec, more));
            case Op.Conv2d(var window, var epilogue) ->
                    extended(epilogue, consumer.op()).map(more -> new Op.Conv2d(window, more));
            case Op _ -> Optional.empty();
        };
    }

    private static Optional<Epilogue> extended(Epilogue epilogue, Op next) {
        if (next instanceof Op.AddBias && epilogue == Epilogue.NONE) {
            return Optional.of(Epilogue.BIAS);
        }
        if (next instanceof Elementwise.Relu && !epilogue.hasRelu()) {
            return Optional.of(epilogue.hasBias() ? Epilogue.BIAS_RELU : Epilogue.RELU);
        }
        return Optional.empty();
    }
}
