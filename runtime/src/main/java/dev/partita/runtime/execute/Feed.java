package dev.partita.runtime.execute;

import dev.partita.compiler.plan.Binding;
import dev.partita.compiler.plan.ExecutionPlan;
import dev.partita.dsl.problem.NearMiss;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.dsl.tensor.TensorType;
import dev.partita.runtime.state.Elements;
import dev.partita.runtime.state.HostTensor;
import java.lang.foreign.MemorySegment;
import java.util.List;

/// What a step is fed: for every input of the plan the whole tensor, of which each device takes its
/// block. Filled anew for every step and used again; filling allocates nothing on the Java heap.
public final class Feed {
    private final List<String> names;
    private final TensorType[] types;
    private final HostTensor[] own;
    private final MemorySegment[] sources;
    private final boolean[] filled;

    Feed(ExecutionPlan plan) {
        var slots = new NamedSlots(plan);
        names = slots.names(Binding.Input.class);
        types =
                names.stream()
                        .map(name -> slots.holding(Binding.Input.class, name).slot().whole())
                        .toArray(TensorType[]::new);
        own = new HostTensor[types.length];
        sources = new MemorySegment[types.length];
        filled = new boolean[types.length];
        for (int i = 0; i < types.length; i++) {
            own[i] = HostTensor.zeros(types[i]);
            sources[i] = own[i].memory();
        }
    }

    /// Names of the inputs.
    public List<String> names() {
        return names;
    }

    /// Type of the whole input.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `InvalidArgument`, with the near miss
    public TensorType type(String name) {
        return types[index(name)];
    }

    /// Feeds a whole tensor, row-major, of type `dtype`. Memory of the input's own type is read
    /// during the step and must not change before it ends; other types are converted here.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `ShapeMismatch` if it has another number of
    ///   elements
    public Feed put(String name, Dtype dtype, MemorySegment values) {
        int i = index(name);
        if (values.byteSize() != types[i].shape().elements() * dtype.bytes()) {
            throw Problem.of(ProblemCode.SHAPE_MISMATCH, "What is fed does not fill the input.")
                    .fact("input", name + ": " + types[i])
                    .fact("given", values.byteSize() / dtype.bytes() + " elements")
                    .fix("feed the whole batch, of all devices together")
                    .exception();
        }
        if (dtype == types[i].dtype()) {
            sources[i] = values;
        } else {
            for (long e = 0; e < own[i].elements(); e++) {
                own[i].set(e, Elements.get(dtype, values, e));
            }
            sources[i] = own[i].memory();
        }
        filled[i] = true;
        return this;
    }

    /// Feeds a whole tensor.
    public Feed put(String name, HostTensor tensor) {
        return put(name, tensor.type().dtype(), tensor.memory());
    }

    /// Feeds the same number to every element: to the scalars `learning-rate` and `step`.
    public Feed put(String name, double value) {
        int i = index(name);
        for (long e = 0; e < own[i].elements(); e++) {
            own[i].set(e, value);
        }
        sources[i] = own[i].memory();
        filled[i] = true;
        return this;
    }

    /// True if the plan has an input of this name.
    public boolean has(String name) {
        return names.contains(name);
    }

    MemorySegment source(int index) {
        return sources[index];
    }

    /// The number fed to a scalar, or 0 if there is no such input.
    double scalar(String name) {
        int i = names.indexOf(name);
        return i < 0 ? 0 : Elements.get(types[i].dtype(), sources[i], 0);
    }

    void requireFilled() {
        for (int i = 0; i < filled.length; i++) {
            if (!filled[i]) {
                throw Problem.of(ProblemCode.INVALID_ARGUMENT, "An input was not fed.")
                        .fact("input", names.get(i) + ": " + types[i])
                        .fix("feed it before the first step")
                        .exception();
            }
        }
    }

    /// Number of an input among [#names].
    int index(String name) {
        int i = names.indexOf(name);
        if (i < 0) {
            throw Problem.of(
                            ProblemCode.INVALID_ARGUMENT, "The plan has no input \"" + name + "\".")
                    .fix(NearMiss.fix(name, names, "input"))
                    .exception();
        }
        return i;
    }
}
