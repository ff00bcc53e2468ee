package dev.partita.compiler.simulate;

import java.util.List;

/// What the simulator found of one training step.
///
/// @param seconds from the first start to the last end
/// @param devices for each program of the plan what a device that runs it does when
public record SimulatedStep(double seconds, List<DeviceTimes> devices) {
    public SimulatedStep {
        devices = List.copyOf(devices);
    }

    /// What one device does.
    ///
    /// @param rank the first device of the program
    /// @param computing seconds in which it computes
    public record DeviceTimes(int rank, double computing, List<Span> spans) {
        public DeviceTimes {
            spans = List.copyOf(spans);
        }
    }

    /// A step of the plan from `start` to `end`, in seconds from the beginning of the training
    /// step.
    ///
    /// @param step id of the plan's step; of a collective its start
    /// @param stream `compute`, or the axes that a collective goes over
    public record Span(int step, String stream, String what, double start, double end) {}

    /// The part of the step in which the device that computes longest does not compute.
    public double idle() {
        double most = devices.stream().mapToDouble(DeviceTimes::computing).max().orElse(0);
        return seconds == 0 ? 0 : 1 - most / seconds;
    }
}
