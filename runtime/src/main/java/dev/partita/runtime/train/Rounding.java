package dev.partita.runtime.train;

import dev.partita.compiler.Compilation;
import dev.partita.compiler.plan.Binding;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.runtime.execute.Session;
import dev.partita.runtime.execute.SessionOptions;
import dev.partita.runtime.state.HostTensor;
import dev.partita.runtime.train.Proof.Difference;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/// A closer look at a plan that differs from one device by more than the rounding of single
/// operations: every step starts from the weights and states of one device, and a value may differ
/// as far as it does on one device when the weights change in their last bit.
///
/// A network may be so steep somewhere that the last bit of a sum decides whether a number passes a
/// relu, and with it a whole path of gradients; from step to step that grows. Then the order of a
/// sum shows far above rounding, and one device does not even equal itself more closely. A mistake
/// shows above that still: it shows in the step in which it is made.
final class Rounding {
    /// How many changed runs tell what rounding does to a value.
    private static final int RUNS = 3;

    /// How much more than in these runs rounding may do: they are few, and change only the weights.
    private static final double MARGIN = 8;

    private record Place(int step, String kind, String name) {}

    private final Map<Place, Double> largest = new HashMap<>();

    private Rounding() {}

    /// The differences of a plan from one device, step by step, each with how much of it may be
    /// rounding.
    static List<Difference> closerLook(
            Compilation many, Compilation oneDevice, SessionOptions options, int steps) {
        var rounding = new Rounding();
        Dtype compute = oneDevice.options().precision().compute();
        for (int run = 0; run < RUNS; run++) {
            var random = new SplittableRandom(options.seed() + run);
            List<Difference> own =
                    stepByStep(
                            oneDevice,
                            oneDevice,
                            options,
                            steps,
                            session -> changeLastBits(session, compute, random));
            own.forEach(d -> rounding.largest.merge(place(d), d.relative(), Math::max));
        }
        return stepByStep(many, oneDevice, options, steps, _ -> {}).stream()
                .map(rounding::tolerate)
                .toList();
    }

    private static List<Difference> stepByStep(
            Compilation found,
            Compilation expected,
            SessionOptions options,
            int steps,
            Consumer<Session> change) {
        try (var one = Session.open(found.plan(), options);
                var other = Session.open(expected.plan(), options)) {
            var both = new SideBySide(found, one, other, options.seed());
            return both.run(
                    steps,
                    () -> {
                        both.align();
                        change.accept(one);
                    });
        }
    }

    private static Place place(Difference d) {
        return new Place(d.step(), d.kind(), d.name());
    }

    private static void changeLastBits(Session session, Dtype compute, SplittableRandom random) {
        double bit = lastBit(compute);
        for (String name : session.names(Binding.Parameter.class)) {
            HostTensor weight = session.readParameter(name);
            for (long i = 0; i < weight.elements(); i++) {
                double sign = random.nextBoolean() ? bit : -bit;
                weight.set(i, weight.get(i) * (1 + sign));
            }
            session.writeParameter(name, weight);
        }
    }

    /// What the last bit of a number is at most, relative to the number.
    private static double lastBit(Dtype dtype) {
        return switch (dtype) {
            case F64 -> 0x1p-52;
            case F32 -> 0x1p-23;
            case BF16 -> 0x1p-7;
            case F16 -> 0x1p-10;
            case I64, I32, U8 -> throw new IllegalArgumentException(dtype.toString());
        };
    }

    private Difference tolerate(Difference difference) {
        return difference.tolerating(MARGIN * largest.getOrDefault(place(difference), 0.0));
    }
}
