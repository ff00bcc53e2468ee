package dev.partita.runtime.train;

import dev.partita.compiler.plan.ExecutionPlan;
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
        for (String input : feed.names()) {
            switch (input) {
                case "learning-rate" -> feed.put(input, learningRate.at(step));
                case "step" -> feed.put(input, (double) step);
                default -> feed.put(input, draw(session.plan(), input, feed.type(input), step));
            }
        }
    }

    private HostTensor draw(ExecutionPlan plan, String input, TensorType type, long step) {
        var random = new SplittableRandom(seed * 31 + step * 1_000_003 + input.hashCode());
        if (type.dtype().isFloating()) {
            // f32 numbers, so that a plan in f64 sees the same ones
            return HostTensor.generate(type, _ -> (float) random.nextGaussian());
        }
        long bound = IndexBounds.of(plan, input).orElse(2);
        OptionalInt ignored = IndexBounds.ignored(plan, input);
        return HostTensor.generate(
                type,
                _ ->
                        ignored.isPresent() && random.nextInt(3) == 0
                                ? ignored.getAsInt()
                                : random.nextLong(bound));
    }
}
