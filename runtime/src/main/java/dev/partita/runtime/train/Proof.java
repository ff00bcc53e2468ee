package dev.partita.runtime.train;

import dev.partita.compiler.Compilation;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.kernels.KernelLibrary;
import dev.partita.runtime.execute.Session;
import dev.partita.runtime.execute.SessionOptions;
import java.util.Comparator;
import java.util.List;

/// A plan and its one-device plan, run side by side from the same weights on the same random
/// examples, and compared after every step, on every device: loss, gradients, their norm, weights
/// and states. The difference of two tensors is the largest difference of two elements, relative to
/// the norm of the one-device tensor.
///
/// Where that is more than the tolerance, a closer look follows: every step from the same weights,
/// where a value may differ as far as a change of the last bit of the weights moves it on one
/// device (see [Rounding]), and no further.
///
/// In `bf16` and `f16` both plans round visibly and not alike: a number beside zero may pass a relu
/// in one of them alone, and a small gradient changes much by it, which Adam turns into a whole
/// step of a small bias. So there the difference of a gradient is relative to the norm of all
/// gradients, that of a weight to the norm of all weights, and the tolerance is 16 roundings; the
/// last digit is for a proof of the same placement in `f32` or `f64`, which differs only by casts.
///
/// @param model name of the model
/// @param mesh where the plan ran
/// @param steps how many steps were compared
/// @param maxRelativeDifference the largest differences of all steps
/// @param tolerance up to which differences count as rounding without a closer look: 1e-5 in `f32`,
///   1e-10 in `f64`, 6e-2 in `bf16`, 8e-3 in `f16`
/// @param differences of each value, the largest first
/// @param closerLook the differences of each value where every step starts from the same weights,
///   if that was needed
/// @param peakBytes of each device: the end of the highest byte that it wrote, measured
/// @param predictedPeakBytes of each device, as the plan has it
public record Proof(
        String model,
        String mesh,
        int steps,
        MaxRelativeDifference maxRelativeDifference,
        double tolerance,
        List<Difference> differences,
        List<Difference> closerLook,
        List<Long> peakBytes,
        List<Long> predictedPeakBytes) {
    private static final double F32_TOLERANCE = 1e-5;
    private static final double F64_TOLERANCE = 1e-10;

    /// So many roundings of half floats, each by at most half a unit in the last place, may add up.
    private static final double HALF_ROUNDINGS = 16;

    public Proof {
        differences = sorted(differences);
        closerLook = sorted(closerLook);
        peakBytes = List.copyOf(peakBytes);
        predictedPeakBytes = List.copyOf(predictedPeakBytes);
    }

    /// The largest relative difference by kind of value; states are those of optimizer and layers.
    public record MaxRelativeDifference(
            double loss, double gradients, double gradNorm, double weights, double states) {
        /// The largest of all.
        public double largest() {
            double ofGradients = Math.max(gradients, gradNorm);
            return Math.max(Math.max(loss, ofGradients), Math.max(weights, states));
        }
    }

    /// The relative difference of one value in one step.
    ///
    /// @param kind `loss`, `gradient`, `gradient-norm`, `weight` or `state`
    /// @param tolerated up to which it counts as rounding
    public record Difference(
            int step, String kind, String name, double relative, double tolerated) {
        /// True if it counts as rounding; never for a difference that is no number.
        public boolean isRounding() {
            return relative <= tolerated;
        }

        /// The same where this much is tolerated at least.
        Difference tolerating(double atLeast) {
            return new Difference(step, kind, name, relative, Math.max(tolerated, atLeast));
        }

        @Override
        public String toString() {
            String what = name.equals(kind) ? kind : kind + " " + name;
            return "%.2e  step %d  %s".formatted(relative, step, what);
        }
    }

    /// Runs and compares.
    ///
    /// @param seed of the weights and the examples
    /// @throws dev.partita.dsl.problem.ProblemException whatever compiling and running throw
    public static Proof of(Compilation compilation, KernelLibrary library, long seed, int steps) {
        Compilation placed = compilation.keepingGradients();
        return between(placed, placed.oneDevice(), library, seed, steps);
    }

    /// Runs and compares two plans of one model that both keep their gradients.
    static Proof between(
            Compilation compilation,
            Compilation expected,
            KernelLibrary library,
            long seed,
            int steps) {
        var options = new SessionOptions(library, seed);
        List<Difference> differences;
        List<Long> peakBytes;
        try (var many = Session.open(compilation.plan(), options);
                var one = Session.open(expected.plan(), options)) {
            differences = new SideBySide(compilation, many, one, seed).run(steps);
            peakBytes = many.peakBytes();
        }
        List<Difference> closerLook =
                isRounding(differences)
                        ? List.of()
                        : Rounding.closerLook(compilation, expected, options, steps);
        return new Proof(
                compilation.model().name(),
                compilation.options().mesh().toString(),
                steps,
                new MaxRelativeDifference(
                        largest(differences, "loss"),
                        largest(differences, "gradient"),
                        largest(differences, "gradient-norm"),
                        largest(differences, "weight"),
                        largest(differences, "state")),
                tolerance(compilation.options().precision().compute()),
                differences,
                closerLook,
                peakBytes,
                compilation.plan().peakBytesPerDevice());
    }

    private static List<Difference> sorted(List<Difference> differences) {
        return differences.stream()
                .sorted(Comparator.comparingDouble(Difference::relative).reversed())
                .toList();
    }

    private static boolean isRounding(List<Difference> differences) {
        return differences.stream().allMatch(Difference::isRounding);
    }

    /// Up to which relative differences count as rounding.
    static double tolerance(Dtype compute) {
        return switch (compute) {
            case F64 -> F64_TOLERANCE;
            case F32 -> F32_TOLERANCE;
            case BF16 -> HALF_ROUNDINGS * 0x1p-8;
            case F16 -> HALF_ROUNDINGS * 0x1p-11;
            case I64, I32, U8 -> throw new IllegalArgumentException(compute.toString());
        };
    }

    private static double largest(List<Difference> differences, String kind) {
        return differences.stream()
                .filter(d -> d.kind().equals(kind))
                .mapToDouble(Difference::relative)
                .max()
                .orElse(0);
    }

    /// True if every difference counts as rounding, if need be at a closer look.
    public boolean equal() {
        return isRounding(differences) || (!closerLook.isEmpty() && isRounding(closerLook));
    }

    /// Writes [#describe] to standard output.
    public void print() {
        System.out.print(describe());
    }

    /// The differences as a table, and the values that differ most.
    public String describe() {
        var text = new StringBuilder(toString());
        text.append(
                """

                  loss           %.2e
                  gradients      %.2e
                  gradient norm  %.2e
                  weights        %.2e
                """
                        .formatted(
                                maxRelativeDifference.loss(),
                                maxRelativeDifference.gradients(),
                                maxRelativeDifference.gradNorm(),
                                maxRelativeDifference.weights()));
        if (maxRelativeDifference.states() > 0) {
            text.append("  states         %.2e%n".formatted(maxRelativeDifference.states()));
        }
        if (!closerLook.isEmpty()) {
            text.append(
                    "  from the same weights, a step differs by %.2e; a last bit makes %.2e there%n"
                            .formatted(
                                    closerLook.getFirst().relative(),
                                    closerLook.getFirst().tolerated()));
        }
        if (!equal()) {
            text.append("  most different\n");
            closerLook.stream()
                    .filter(d -> !d.isRounding())
                    .limit(5)
                    .forEach(d ->
                            text.append(
                                    "    %s, of which rounding is %.1e%n"
                                            .formatted(d, d.tolerated())));
        }
        return text.toString();
    }

    @Override
    public String toString() {
        return "%s on %s %s one device: %.1e after %d steps"
                .formatted(
                        model,
                        mesh,
                        equal() ? "equals" : "DIFFERS FROM",
                        maxRelativeDifference.largest(),
                        steps);
    }
}
