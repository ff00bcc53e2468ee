package dev.partita.runtime.data;

import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.tensor.Shape;
import java.lang.foreign.Arena;
import java.util.OptionalInt;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/// Batch after batch, epoch after epoch, without end: one daemon thread prepares the next batch
/// while the consumer works on the last one. Two batches are all the memory it takes, and within an
/// epoch neither side allocates on the Java heap.
///
/// One consumer thread at a time.
public final class Batches implements AutoCloseable {
    /// The seed under which nothing varies.
    private static final long IN_ORDER = 0;

    private final Examples examples;
    private final DistributedSampler sampler;
    private final IntFunction<int[]> orders;
    private final Augmentation augmentation;
    private final long seed;
    private final OptionalInt ignored;
    private final BatchPlace first;
    private final Arena arena = Arena.ofShared();
    private final Batch[] buffers = new Batch[2];
    private final Thread thread;

    // guarded by this
    private long produced;
    private long taken;
    private long released;
    private boolean closing;
    private @Nullable Throwable failure;

    private Batches(
            Examples examples,
            DistributedSampler sampler,
            IntFunction<int[]> orders,
            Augmentation augmentation,
            long seed,
            OptionalInt ignored,
            BatchPlace first) {
        this.examples = examples;
        this.sampler = sampler;
        this.orders = orders;
        this.augmentation = augmentation;
        this.seed = seed;
        this.ignored = ignored;
        this.first = first;
        for (int i = 0; i < buffers.length; i++) {
            buffers[i] = new Batch(arena, sampler.batch(), examples);
        }
        thread = Thread.ofPlatform().daemon().name("batches").start(this::produce);
    }

    /// Batches to train on: shuffled anew in every epoch, and augmented; a text is cut into windows
    /// at other places in every epoch.
    public static Batches shuffled(
            Examples examples, DistributedSampler sampler, Augmentation augmentation, long seed) {
        return shuffled(
                examples, sampler, augmentation, seed, OptionalInt.empty(), BatchPlace.START);
    }

    /// The same from a place on; what fills up a batch of [Remainder#IGNORE] has the label
    /// `ignored`.
    public static Batches shuffled(
            Examples examples,
            DistributedSampler sampler,
            Augmentation augmentation,
            long seed,
            OptionalInt ignored,
            BatchPlace first) {
        return new Batches(
                examples,
                sampler,
                epoch -> sampler.order(epoch, seed),
                augmentation,
                seed,
                ignored,
                first);
    }

    /// Batches to test with: the examples as they are and in their own order.
    public static Batches inOrder(Examples examples, DistributedSampler sampler) {
        return new Batches(
                examples,
                sampler,
                _ -> sampler.inOrder(),
                Augmentation.none(),
                IN_ORDER,
                OptionalInt.empty(),
                BatchPlace.START);
    }

    /// The next batch; the one before it is given back.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException what reading an example threw, or
    ///   `Interrupted`
    public synchronized Batch next() {
        released = taken;
        notifyAll();
        try {
            while (produced == taken) {
                rethrowFailure();
                if (closing) {
                    throw new IllegalStateException("the batches are closed");
                }
                wait();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw Problem.of(ProblemCode.INTERRUPTED, "Interrupted while waiting for examples.")
                    .exception(e);
        }
        return buffers[(int) (taken++ % buffers.length)];
    }

    private void rethrowFailure() {
        switch (failure) {
            case null -> {}
            case RuntimeException e -> throw e;
            case Error e -> throw e;
            case Throwable e -> throw new IllegalStateException(e);
        }
    }

    private void produce() {
        try {
            var filler = filler();
            int begin = first.step();
            for (int epoch = first.epoch(); ; epoch++) {
                int[] order = orders.apply(epoch);
                for (int step = begin; step < sampler.steps(); step++) {
                    Batch batch = awaitFree();
                    if (batch == null) {
                        return;
                    }
                    batch.begin(epoch, step);
                    filler.fill(batch, order);
                    if (sampler.remainder() == Remainder.IGNORE) {
                        int label = ignored.orElseThrow();
                        batch.ignore(sampler.real(step), examples.labels(), label);
                    }
                    publish();
                }
                begin = 0;
            }
        } catch (Throwable e) {
            fail(e);
        }
    }

    /// Puts the examples of a batch where they belong.
    @FunctionalInterface
    private interface Filler {
        void fill(Batch batch, int[] order);
    }

    private Filler filler() {
        return switch (examples) {
            case Dataset dataset -> {
                var features = new float[Math.toIntExact(dataset.shape().elements())];
                var scratch = new float[features.length];
                yield (batch, order) -> fill(dataset, batch, order, features, scratch);
            }
            case TextDataset text -> {
                var windows = new WindowFiller(text);
                yield (batch, order) -> fill(text, batch, order, windows);
            }
        };
    }

    private void fill(TextDataset text, Batch batch, int[] order, WindowFiller windows) {
        boolean shifts = seed != IN_ORDER;
        int shift = shifts ? SplitMix.below(text.labels(), seed, batch.epoch()) : 0;
        for (int place = 0; place < sampler.batch(); place++) {
            int example = order[batch.step() * sampler.batch() + place];
            windows.fill(batch, place, example, shift, seed);
        }
    }

    private void fill(
            Dataset dataset, Batch batch, int[] order, float[] features, float[] scratch) {
        Shape shape = dataset.shape();
        int height = (int) shape.size(0);
        int width = (int) shape.size(1);
        int channels = (int) shape.size(2);
        long epochKey = SplitMix.mix(seed, batch.epoch());
        for (int place = 0; place < sampler.batch(); place++) {
            int example = order[batch.step() * sampler.batch() + place];
            dataset.read(example, features);
            long key = SplitMix.mix(epochKey, example);
            augmentation.apply(features, scratch, height, width, channels, key);
            batch.put(place, features, dataset.label(example));
        }
    }

    /// A buffer that the consumer does not hold, or null when closing.
    private synchronized @Nullable Batch awaitFree() throws InterruptedException {
        while (!closing && produced - released == buffers.length) {
            wait();
        }
        return closing ? null : buffers[(int) (produced % buffers.length)];
    }

    private synchronized void publish() {
        produced++;
        notifyAll();
    }

    private synchronized void fail(Throwable e) {
        failure = e;
        notifyAll();
    }

    /// Ends the thread and frees the memory of every batch. Closing again does nothing.
    @Override
    public void close() {
        synchronized (this) {
            closing = true;
            notifyAll();
        }
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }
}
