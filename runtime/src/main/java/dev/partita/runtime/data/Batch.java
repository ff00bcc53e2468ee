package dev.partita.runtime.data;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// The examples of one step, over all devices. Its memory is used again: it holds until the next
/// batch is asked for.
public final class Batch {
    private final MemorySegment features;
    private final MemorySegment labels;
    private final MemorySegment segments;
    private int epoch;
    private int step;

    Batch(Arena arena, int batch, Examples examples) {
        long features = batch * examples.shape().elements() * examples.dtype().bytes();
        this.features = arena.allocate(features, 64);
        long each = (long) batch * examples.labels() * Integer.BYTES;
        labels = arena.allocate(each, 64);
        segments = arena.allocate(examples instanceof TextDataset ? each : 0, 64);
    }

    /// Epoch it belongs to, from 0.
    public int epoch() {
        return epoch;
    }

    /// Its number within the epoch, from 0.
    public int step() {
        return step;
    }

    /// Features as `f32[batch, …]` or `i32[batch, …]`, row-major.
    public MemorySegment features() {
        return features;
    }

    /// Labels as `i32[batch]` or `i32[batch, …]`.
    public MemorySegment labels() {
        return labels;
    }

    /// Which of its window's segments each token belongs to, as `i32[batch, …]`; nothing unless the
    /// examples are of a text.
    public MemorySegment segments() {
        return segments;
    }

    void begin(int newEpoch, int newStep) {
        epoch = newEpoch;
        step = newStep;
    }

    /// The tokens of a window, their labels and their segments.
    ///
    /// @param tokens as many as labels, or more, which are left out
    /// @param own labels, the last ones of the array
    void put(int place, int[] tokens, int[] own, int[] ownSegments) {
        int length = ownSegments.length;
        long at = (long) place * length * Integer.BYTES;
        MemorySegment.copy(tokens, 0, features, ValueLayout.JAVA_INT, at, length);
        MemorySegment.copy(own, own.length - length, labels, ValueLayout.JAVA_INT, at, length);
        MemorySegment.copy(ownSegments, 0, segments, ValueLayout.JAVA_INT, at, length);
    }

    /// Replaces the labels from this place on.
    void ignore(int place, int labelsPerExample, int label) {
        long count = labels.byteSize() / Integer.BYTES;
        for (long i = (long) place * labelsPerExample; i < count; i++) {
            labels.setAtIndex(ValueLayout.JAVA_INT, i, label);
        }
    }

    void put(int place, float[] example, int label) {
        long at = (long) place * example.length * Float.BYTES;
        MemorySegment.copy(example, 0, features, ValueLayout.JAVA_FLOAT, at, example.length);
        labels.setAtIndex(ValueLayout.JAVA_INT, place, label);
    }
}
