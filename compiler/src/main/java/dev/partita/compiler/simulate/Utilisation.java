package dev.partita.compiler.simulate;

import dev.partita.compiler.cost.DeviceSpec;
import dev.partita.compiler.plan.Arithmetic;
import dev.partita.compiler.plan.ExecutionPlan;
import dev.partita.compiler.plan.Program;
import dev.partita.compiler.plan.Step;
import dev.partita.dsl.tensor.Dtype;
import java.util.Collections;
import java.util.stream.Stream;

/// How much of what the devices could compute a step uses (PaLM, Chowdhery et al. 2022, appendix
/// B). What is computed again counts for the hardware and not for the model. Arithmetic counts as
/// [Arithmetic] does, causal attention half.
///
/// @param modelFlops floating-point operations per second of a device, on average, without what is
///   computed again
/// @param hardwareFlops the same with it
/// @param peak of a device, in the type that most of the arithmetic is in
public record Utilisation(double modelFlops, double hardwareFlops, double peak) {
    /// The utilisation of a simulated step.
    public static Utilisation of(ExecutionPlan plan, SimulatedStep step, DeviceSpec device) {
        double model = 0;
        double hardware = 0;
        for (int rank = 0; rank < plan.devices(); rank++) {
            // devices of one program do the same: counted once, for all of them
            if (plan.programOf().indexOf(plan.programOf().get(rank)) == rank) {
                Program program = plan.program(rank);
                int alike = Collections.frequency(plan.programOf(), plan.programOf().get(rank));
                hardware += alike * (double) Arithmetic.of(program);
                model +=
                        alike
                                * computes(program)
                                        .filter(each -> each.note().because().isEmpty())
                                        .mapToDouble(each -> Arithmetic.of(program, each))
                                        .sum();
            }
        }
        double deviceSeconds = step.seconds() * plan.devices();
        return new Utilisation(
                model / deviceSeconds, hardware / deviceSeconds, device.peak(dtype(plan)));
    }

    private static Stream<Step.Compute> computes(Program program) {
        return program.steps().stream()
                .filter(Step.Compute.class::isInstance)
                .map(Step.Compute.class::cast);
    }

    private static Dtype dtype(ExecutionPlan plan) {
        Program program = plan.program(0);
        return computes(program)
                .max((a, b) -> Long.compare(Arithmetic.of(program, a), Arithmetic.of(program, b)))
                .map(each -> program.slot(each.reads().getFirst()).type().dtype())
                .orElse(Dtype.F32);
    }

    /// Model FLOP/s utilisation.
    public double mfu() {
        return modelFlops / peak;
    }

    /// Hardware FLOP/s utilisation.
    public double hfu() {
        return hardwareFlops / peak;
    }
}
