package dev.partita.runtime.train;

import dev.partita.compiler.Compilation;
import dev.partita.compiler.plan.Binding;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.kernels.KernelLibrary;
import dev.partita.runtime.execute.Session;
import dev.partita.runtime.execute.SessionOptions;
import dev.partita.runtime.state.HostTensor;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/// A plan and its one-device plan, run side by side from the same weights on the same random
/// examples, and compared after every step. The difference of two tensors is the largest difference
/// of two elements, relative to the norm of the one-device tensor.
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
/// @param tolerance up to which differences count as rounding: 1e-5 in `f32`, 1e-10 in `f64`, 6e-2
///   in `bf16`, 8e-3 in `f16`
/// @param differences of each value, the largest first
/// @param peakBytes of each device: the end of the highest byte that it wrote, measured
/// @param predictedPeakBytes of each device, as the plan has it
public record Proof(
        String model,
        String mesh,
        int steps,
        MaxRelativeDifference maxRelativeDifference,
        double tolerance,
        List<Difference> differences,
        List<Long> peakBytes,
        List<Long> predictedPeakBytes) {
    private static final double F32_TOLERANCE = 1e-5;
    private static final double F64_TOLERANCE = 1e-10;

    /// So many roundings of half floats, each by at most half a unit in the last place, may add up.
    private static final double HALF_ROUNDINGS = 16;

    public Proof {
        differences = List.copyOf(differences);
        peakBytes = List.copyOf(peakBytes);
        predictedPeakBytes = List.copyOf(predictedPeakBytes);
    }

    /// The largest relative difference by kind of value.
    public record MaxRelativeDifference(
            double loss, double gradients, double gradNorm, double weights) {
        /// The largest of all.
        public double largest() {
            return Math.max(Math.max(loss, gradients), Math.max(gradNorm, weights));
        }
    }

    /// The relative difference of one value in one step.
    ///
    /// @param kind `loss`, `gradient`, `gradient-norm` or `weight`
    public record Difference(int step, String kind, String name, double relative) {
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
        var examples = new RandomExamples(seed, compilation.options().optimizer().learningRate());
        var differences = new ArrayList<Difference>();
        List<Long> peakBytes;
        try (var many = Session.open(compilation.plan(), options);
                var one = Session.open(expected.plan(), options)) {
            for (int step = 1; step <= steps; step++) {
                for (Session session : List.of(many, one)) {
                    examples.fill(session, step);
                    session.run();
                }
                compare(step, many, one, isHalf(compilation), differences);
            }
            peakBytes = many.peakBytes();
        }
        differences.sort(Comparator.comparingDouble(Difference::relative).reversed());
        return new Proof(
                compilation.model().name(),
                compilation.options().mesh().toString(),
                steps,
                new MaxRelativeDifference(
                        largest(differences, "loss"),
                        largest(differences, "gradient"),
                        largest(differences, "gradient-norm"),
                        largest(differences, "weight")),
                tolerance(compilation.options().precision().compute()),
                differences,
                peakBytes,
                compilation.plan().peakBytesPerDevice());
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

    private static boolean isHalf(Compilation compilation) {
        Dtype compute = compilation.options().precision().compute();
        return compute == Dtype.BF16 || compute == Dtype.F16;
    }

    private static void compare(
            int step, Session many, Session one, boolean half, List<Difference> differences) {
        double allGradients = half ? one.scalar("gradient-norm") : 0;
        for (String output : one.names(Binding.Output.class)) {
            String kind = kind(output);
            String name = kind.equals("gradient") ? output.substring(9) : output;
            double least = kind.equals("gradient") ? allGradients : 0;
            double relative = relative(many.gather(output), one.gather(output), least);
            differences.add(new Difference(step, kind, name, relative));
        }
        double allWeights = half ? normOfWeights(one) : 0;
        for (String name : one.names(Binding.Parameter.class)) {
            double relative =
                    relative(many.readParameter(name), one.readParameter(name), allWeights);
            differences.add(new Difference(step, "weight", name, relative));
        }
    }

    /// What else a step returns, such as how experts were chosen, belongs to its loss.
    private static String kind(String output) {
        if (output.startsWith("gradient/")) {
            return "gradient";
        }
        return output.equals("gradient-norm") ? output : "loss";
    }

    private static double normOfWeights(Session session) {
        return Math.sqrt(
                session.names(Binding.Parameter.class).stream()
                        .mapToDouble(name -> squares(session.readParameter(name)))
                        .sum());
    }

    private static double squares(HostTensor tensor) {
        double squares = 0;
        for (long i = 0; i < tensor.elements(); i++) {
            squares += tensor.get(i) * tensor.get(i);
        }
        return squares;
    }

    /// The largest difference of two elements, relative to the norm of `expected`.
    ///
    /// @param least norm that the difference is relative to, at least
    static double relative(HostTensor found, HostTensor expected, double least) {
        double largest = 0;
        for (long i = 0; i < expected.elements(); i++) {
            largest = Math.max(largest, Math.abs(found.get(i) - expected.get(i)));
        }
        return largest == 0 ? 0 : largest / Math.max(Math.sqrt(squares(expected)), least);
    }

    private static double largest(List<Difference> differences, String kind) {
        return differences.stream()
                .filter(d -> d.kind().equals(kind))
                .mapToDouble(Difference::relative)
                .max()
                .orElse(0);
    }

    /// True if every difference is within the tolerance.
    public boolean equal() {
        return maxRelativeDifference.largest() <= tolerance;
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
        if (!equal()) {
            text.append("  most different\n");
            differences.stream().limit(5).forEach(d -> text.append("    " + d + "\n"));
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
