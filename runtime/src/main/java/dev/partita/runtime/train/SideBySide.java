package dev.partita.runtime.train;

import dev.partita.compiler.Compilation;
import dev.partita.compiler.plan.Binding;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.runtime.execute.Session;
import dev.partita.runtime.state.HostTensor;
import dev.partita.runtime.train.Proof.Difference;
import java.util.ArrayList;
import java.util.List;

/// Two sessions of one model, run on the same examples and compared after every step: outputs,
/// parameters and states, on every device that holds them. The difference of two tensors is the
/// largest difference of two elements, relative to the norm of the expected tensor.
final class SideBySide {
    private final Session found;
    private final Session expected;
    private final RandomExamples examples;
    private final Dtype compute;
    private final List<Difference> differences = new ArrayList<>();

    /// @param compilation what both were compiled from
    /// @param seed of the examples
    SideBySide(Compilation compilation, Session found, Session expected, long seed) {
        this.found = found;
        this.expected = expected;
        this.examples = new RandomExamples(seed, compilation.options().optimizer().learningRate());
        this.compute = compilation.options().precision().compute();
    }

    /// The differences after each of so many steps.
    List<Difference> run(int steps) {
        return run(steps, () -> {});
    }

    /// The same where something is done before each step.
    List<Difference> run(int steps, Runnable before) {
        for (int step = 1; step <= steps; step++) {
            before.run();
            for (Session session : List.of(found, expected)) {
                examples.fill(session, step);
                session.run();
            }
            compare(step);
        }
        return differences;
    }

    /// Gives the session that is to be judged the parameters and states of the other.
    void align() {
        for (String name : expected.names(Binding.Parameter.class)) {
            found.writeParameter(name, expected.readParameter(name));
        }
        for (String name : expected.names(Binding.State.class)) {
            found.writeState(name, expected.readState(name));
        }
    }

    private void compare(int step) {
        boolean half = compute == Dtype.BF16 || compute == Dtype.F16;
        double allGradients = half ? expected.scalar("gradient-norm") : 0;
        for (String output : expected.names(Binding.Output.class)) {
            String kind = kind(output);
            boolean gradient = kind.equals("gradient");
            compare(
                    step,
                    kind,
                    gradient ? output.substring(9) : output,
                    Binding.Output.class,
                    output,
                    expected.gather(output),
                    gradient ? allGradients : 0);
        }
        List<String> parameters = expected.names(Binding.Parameter.class);
        double allWeights =
                half ? norm(parameters.stream().map(expected::readParameter).toList()) : 0;
        for (String name : parameters) {
            HostTensor whole = expected.readParameter(name);
            compare(step, "weight", name, Binding.Parameter.class, name, whole, allWeights);
        }
        List<String> states = expected.names(Binding.State.class);
        double allStates = half ? norm(states.stream().map(expected::readState).toList()) : 0;
        for (String name : states) {
            HostTensor whole = expected.readState(name);
            compare(step, "state", name, Binding.State.class, name, whole, allStates);
        }
    }

    /// What else a step returns, such as how experts were chosen, belongs to its loss.
    private static String kind(String output) {
        if (output.startsWith("gradient/")) {
            return "gradient";
        }
        return output.equals("gradient-norm") ? output : "loss";
    }

    /// @param least norm that the difference is relative to, at least
    private void compare(
            int step,
            String kind,
            String name,
            Class<? extends Binding> binding,
            String bound,
            HostTensor whole,
            double least) {
        double largest = found.largestDifference(binding, bound, whole);
        double relative = largest == 0 ? 0 : largest / Math.max(norm(List.of(whole)), least);
        differences.add(new Difference(step, kind, name, relative, Proof.tolerance(compute)));
    }

    /// The largest difference of two elements, relative to the norm of `expected`.
    static double relative(HostTensor found, HostTensor expected) {
        double largest = 0;
        for (long i = 0; i < expected.elements(); i++) {
            largest = Math.max(largest, Math.abs(found.get(i) - expected.get(i)));
        }
        return largest == 0 ? 0 : largest / norm(List.of(expected));
    }

    private static double norm(List<HostTensor> tensors) {
        double squares = 0;
        for (HostTensor tensor : tensors) {
            for (long i = 0; i < tensor.elements(); i++) {
                squares += tensor.get(i) * tensor.get(i);
            }
        }
        return Math.sqrt(squares);
    }
}
