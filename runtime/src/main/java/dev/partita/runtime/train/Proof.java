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
/// @param model name of the model
/// @param mesh where the plan ran
/// @param steps how many steps were compared
/// @param maxRelativeDifference the largest differences of all steps
/// @param tolerance up to which differences count as rounding: 1e-5 in `f32`, 1e-10 in `f64`
/// @param differences of each value, the largest first
public record Proof(
        String model,
        String mesh,
        int steps,
        MaxRelativeDifference maxRelativeDifference,
        double tolerance,
        List<Difference> differences) {
    private static final double F32_TOLERANCE = 1e-5;
    private static final double F64_TOLERANCE = 1e-10;

    /// Half floats round visibly: so many roundings, each of at most half a unit in the last place,
    /// may add up in one direction.
    private static final double HALF_ROUNDINGS = 8;

    public Proof {
        differences = List.copyOf(differences);
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
            return "%.2e  step %d  %s %s".formatted(relative, step, kind, name).strip();
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
        try (var many = Session.open(compilation.plan(), options);
                var one = Session.open(expected.plan(), options)) {
            for (int step = 1; step <= steps; step++) {
                for (Session session : List.of(many, one)) {
                    examples.fill(session, step);
                    session.run();
                }
                compare(step, many, one, differences);
            }
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
                differences);
    }

    private static double tolerance(Dtype compute) {
        return switch (compute) {
            case F64 -> F64_TOLERANCE;
            case F32 -> F32_TOLERANCE;
            case BF16 -> HALF_ROUNDINGS * 0x1p-8;
            case F16 -> HALF_ROUNDINGS * 0x1p-11;
            case I64, I32, U8 -> throw new IllegalArgumentException(compute.toString());
        };
    }

    private static void compare(int step, Session many, Session one, List<Difference> differences) {
        for (String output : one.names(Binding.Output.class)) {
            String kind = output.startsWith("gradient/") ? "gradient" : output;
            String name = output.startsWith("gradient/") ? output.substring(9) : "";
            double relative = relative(many.gather(output), one.gather(output));
            differences.add(new Difference(step, kind, name, relative));
        }
        for (String name : one.names(Binding.Parameter.class)) {
            double relative = relative(many.readParameter(name), one.readParameter(name));
            differences.add(new Difference(step, "weight", name, relative));
        }
    }

    private static double relative(HostTensor found, HostTensor expected) {
        double largest = 0;
        double squares = 0;
        for (long i = 0; i < expected.elements(); i++) {
            largest = Math.max(largest, Math.abs(found.get(i) - expected.get(i)));
            squares += expected.get(i) * expected.get(i);
        }
        return largest == 0 ? 0 : largest / Math.sqrt(squares);
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
