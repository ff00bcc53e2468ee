package dev.partita.compiler.simulate;

import dev.partita.compiler.cost.DeviceSpec;
import dev.partita.compiler.plan.ExecutionPlan;

/// How much of what the devices could compute a step uses (PaLM, Chowdhery et al. 2022, appendix
/// B). What is computed again counts for the hardware and not for the model. Arithmetic counts as
/// [dev.partita.compiler.plan.Arithmetic] does, causal attention half.
///
/// @param modelFlops floating-point operations per second of a device, on average, without what is
///   computed again
/// @param hardwareFlops the same with it
/// @param peak of a device, in the type that most of the arithmetic is in
public record Utilisation(double modelFlops, double hardwareFlops, double peak) {
    /// The utilisation of a simulated step.
    public static Utilisation of(ExecutionPlan plan, SimulatedStep step, DeviceSpec device) {
        return of(Flops.of(plan), step.seconds() * plan.devices(), device);
    }

    /// The utilisation of a step of so many operations.
    ///
    /// @param deviceSeconds length of the step, times devices
    public static Utilisation of(Flops flops, double deviceSeconds, DeviceSpec device) {
        return new Utilisation(
                flops.model() / deviceSeconds,
                flops.hardware() / deviceSeconds,
                device.peak(flops.dtype()));
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
