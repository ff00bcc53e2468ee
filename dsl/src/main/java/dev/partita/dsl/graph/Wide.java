package dev.partita.dsl.graph;

import dev.partita.dsl.tensor.Dtype;
import dev.partita.dsl.tensor.TensorType;
import java.util.ArrayList;
import java.util.List;

/// An op computed in `f32` on operands of which some are half floats, each result stored as its own
/// type: `wide{layer-norm}` is the op with casts before and after it in one pass over memory.
///
/// @param op what is computed; its own types are those of operands that are all `f32`
/// @param results for each floating result, in order, `f32` or the half type it is rounded to
public record Wide(Op op, List<Dtype> results) implements Op {
    public Wide {
        results = List.copyOf(results);
    }

    /// What an op computes, whatever the types of its operands and results.
    public static Op inside(Op op) {
        return op instanceof Wide wide ? wide.op() : op;
    }

    List<TensorType> types(List<TensorType> operands) {
        List<TensorType> own = ResultTypes.of(op, operands.stream().map(Wide::widened).toList());
        var types = new ArrayList<TensorType>();
        var stored = results.iterator();
        for (TensorType type : own) {
            types.add(type.dtype().isFloating() ? type.withDtype(stored.next()) : type);
        }
        return types;
    }

    private static TensorType widened(TensorType type) {
        boolean half = type.dtype() == Dtype.BF16 || type.dtype() == Dtype.F16;
        return half ? type.withDtype(Dtype.F32) : type;
    }

    @Override
    public String toString() {
        return "wide{" + op + "}";
    }
}
