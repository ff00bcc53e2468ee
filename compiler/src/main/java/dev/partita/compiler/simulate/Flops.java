package dev.partita.compiler.simulate;

import dev.partita.compiler.plan.Arithmetic;
import dev.partita.compiler.plan.ExecutionPlan;
import dev.partita.compiler.plan.Program;
import dev.partita.compiler.plan.Step;
import dev.partita.dsl.tensor.Dtype;

/// Floating-point operations, as [Arithmetic] counts them.
///
/// @param model without what is computed again
/// @param hardware with it
/// @param dtype the type that most of them are in
public record Flops(double model, double hardware, Dtype dtype) {
    /// The operations of all devices in one step.
    public static Flops of(ExecutionPlan plan) {
        double model = 0;
        double hardware = 0;
        double most = -1;
        Dtype dtype = Dtype.F32;
        for (int index = 0; index < plan.programs().size(); index++) {
            Program program = plan.programs().get(index);
            // devices of one program do the same: counted once, for all of them
            int alike = plan.role(index).ranks().size();
            for (Step step : program.steps()) {
                if (step instanceof Step.Compute compute) {
                    double operations = Arithmetic.of(program, compute);
                    hardware += alike * operations;
                    model += compute.note().because().isEmpty() ? alike * operations : 0;
                    if (operations > most) {
                        most = operations;
                        dtype =
                                compute.reads().isEmpty()
                                        ? Dtype.F32
                                        : program.slot(compute.reads().getFirst()).type().dtype();
                    }
                }
            }
        }
        return new Flops(model, hardware, dtype);
    }

    /// The same shared among so many.
    public Flops over(double parts) {
        return new Flops(model / parts, hardware / parts, dtype);
    }

    /// On the line from these to `other`.
    public Flops towards(Flops other, double part) {
        return new Flops(
                model + part * (other.model - model),
                hardware + part * (other.hardware - hardware),
                dtype);
    }
}
