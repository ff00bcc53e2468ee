package dev.partita.runtime.train;

import dev.partita.compiler.plan.Binding;
import dev.partita.compiler.plan.Program;
import dev.partita.dsl.layer.LearningRate;
import dev.partita.dsl.tensor.TensorType;
import dev.partita.runtime.execute.Feed;
import dev.partita.runtime.execute.Session;
import dev.partita.runtime.state.HostTensor;
import java.util.OptionalInt;
import java.util.SplittableRandom;

/// Feeds that are a function of a seed and the step: normal features, uniform labels. The same
/// under every placement.
final class RandomExamples {
    private final long seed;
    private final LearningRate learningRate;

    RandomExamples(long seed, LearningRate learningRate) {
        this.seed = seed;
        this.learningRate = learningRate;
    }

    /// Fills every input of a session for step `step`, counted from 1.
    void fill(Session session, long step) {
        Feed feed = session.feed();
        Program program = session.plan().program(0);
        program.bindings(Binding.Input.class)
                .forEach(input -> {
                    switch (input.name()) {
                        case "learning-rate" -> feed.put("learning-rate", learningRate.at(step));
                        case "step" -> feed.put("step", (double) step);
                        default -> feed.put(input.name(), draw(program, input, step));
                    }
                });
    }

    private HostTensor draw(Program program, Binding.Input input, long step) {
        TensorType type = program.slot(input.slot()).whole();
        var random = new SplittableRandom(seed * 31 + step * 1_000_003 + input.name().hashCode());
        if (type.dtype().isFloating()) {
            // f32 numbers, so that a plan in f64 sees the same ones
            return HostTensor.generate(type, _ -> (float) random.nextGaussian());
        }
        long bound = IndexBounds.of(program, input.slot()).orElse(2);
        OptionalInt ignored = IndexBounds.ignored(program, input.slot());
        return HostTensor.generate(
                type,
                _ ->
                        ignored.isPresent() && random.nextInt(3) == 0
                                ? ignored.getAsInt()
                                : random.nextLong(bound));
    }
}
