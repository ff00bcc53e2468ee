package dev.partita.runtime.execute;

import dev.partita.compiler.plan.Arithmetic;
import dev.partita.compiler.plan.Program;
import dev.partita.compiler.plan.Step;
import dev.partita.dsl.tensor.TensorType;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

/// Where the time of a step went, on one device.
///
/// @param millis of a whole step, as the caller sees it
/// @param entries ops that are alike, what took longest first; what their times lack to `millis` is
///   feeding, and waiting for the device
public record StepProfile(double millis, List<Entry> entries) {
    public StepProfile {
        entries = List.copyOf(entries);
    }

    /// Plan steps of the same op on tensors of the same size.
    ///
    /// @param op as the plan prints it
    /// @param result type of the first result, empty if there is none
    /// @param times how many of them a step has
    /// @param millis of all of them, in one step
    /// @param arithmetic floating-point operations of all of them, as [Arithmetic] counts
    public record Entry(String op, String result, int times, double millis, long arithmetic) {
        private Entry and(Entry other) {
            return new Entry(
                    op,
                    result,
                    times + other.times,
                    millis + other.millis,
                    arithmetic + other.arithmetic);
        }

        /// Floating-point operations per nanosecond.
        public double gigaflops() {
            return arithmetic / millis / 1e6;
        }
    }

    /// @param clock of `steps` steps
    static StepProfile of(
            Program program, BoundSteps bound, StepClock clock, long totalNanos, int steps) {
        Map<String, Entry> alike = new LinkedHashMap<>();
        for (Step step : program.steps()) {
            int id = step.id();
            var entry =
                    new Entry(
                            word(step) + bound.describe(id),
                            result(program, step),
                            1,
                            clock.sum(id) / 1e6 / steps,
                            Arithmetic.of(program, step));
            alike.merge(entry.op() + " " + entry.result(), entry, Entry::and);
        }
        return new StepProfile(
                totalNanos / 1e6 / steps,
                alike.values().stream()
                        .sorted(Comparator.comparingDouble(Entry::millis).reversed())
                        .toList());
    }

    private static String word(Step step) {
        return switch (step) {
            case Step.Compute _ -> "";
            case Step.Start _ -> "start ";
            case Step.Finish _ -> "finish ";
            case Step.RequireFinite _ -> "require-finite ";
        };
    }

    private static String result(Program program, Step step) {
        return step instanceof Step.Compute compute && !compute.writes().isEmpty()
                ? sizes(program.slot(compute.writes().getFirst()).type())
                : "";
    }

    private static String sizes(TensorType type) {
        return type.dtype()
                + LongStream.range(0, type.shape().rank())
                        .mapToObj(i -> String.valueOf(type.shape().size((int) i)))
                        .collect(Collectors.joining("x", " ", ""));
    }

    /// Time of the ops together.
    public double opMillis() {
        return entries.stream().mapToDouble(Entry::millis).sum();
    }

    @Override
    public String toString() {
        return "profile of a step of %.2f ms, %d kinds of ops".formatted(millis, entries.size());
    }
}
