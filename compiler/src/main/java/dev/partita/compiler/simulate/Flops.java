package dev.partita.compiler.simulate;

import dev.partita.compiler.plan.Arithmetic;
import dev.partita.compiler.plan.ExecutionPlan;
import dev.partita.compiler.plan.Program;
import dev.partita.compiler.plan.Step;
import dev.partita.dsl.tensor.Dtype;
import java.util.stream.IntStream;

/// Floating-point operations, as [Arithmetic] counts them.
///
/// @param model without what is computed again
/// @param hardware with it
/// @param largest those of the step that has most
/// @param dtype the type that they are in
public record Flops(double model, double hardware, double largest, Dtype dtype) {
    /// The operations of all devices in one step.
    public static Flops of(ExecutionPlan plan) {
        return IntStream.range(0, plan.programs().size())
                .mapToObj(program -> of(plan, program))
                .reduce(Flops::plus)
                .orElseThrow();
    }

    /// The operations of all devices that run one program.
    public static Flops of(ExecutionPlan plan, int index) {
        double model = 0;
        double hardware = 0;
        double most = 0;
        Dtype dtype = Dtype.F32;
        Program program = plan.programs().get(index);
        for (Step step : program.steps()) {
            if (step instanceof Step.Compute compute) {
                double operations = Arithmetic.of(program, compute);
                hardware += operations;
                model += compute.note().because().isEmpty() ? operations : 0;
                if (operations > most) {
                    most = operations;
                    dtype = program.slot(compute.reads().getFirst()).type().dtype();
                }
            }
        }
        // devices of one program do the same: counted once, for all of them
        int alike = plan.role(index).ranks().size();
        return new Flops(alike * model, alike * hardware, alike * most, dtype);
    }

    /// These and others, in the type of the largest.
    public Flops plus(Flops other) {
        boolean larger = other.largest > largest;
        return plus(1, other).ofType(larger ? other : this);
    }

    private Flops ofType(Flops larger) {
        return new Flops(model, hardware, larger.largest, larger.dtype);
    }

    /// These and so many times others, in the type of these.
    public Flops plus(double times, Flops other) {
        return new Flops(
                model + times * other.model, hardware + times * other.hardware, largest, dtype);
    }

    /// The same shared among so many.
    public Flops over(double parts) {
        return new Flops(model / parts, hardware / parts, largest, dtype);
    }

    /// On the line from these to `other`.
    public Flops towards(Flops other, double part) {
        return new Flops(
                model + part * (other.model - model),
                hardware + part * (other.hardware - hardware),
                largest,
                dtype);
    }
}
