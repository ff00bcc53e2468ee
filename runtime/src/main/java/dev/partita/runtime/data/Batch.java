package dev.partita.runtime.data;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// The examples of one step, over all devices. Its memory is used again: it holds until the next
/// batch is asked for.
public final class Batch {
    private final MemorySegment features;
    private final MemorySegment labels;
    private int epoch;
    private int step;

    Batch(Arena arena, int examples, int featuresPerExample) {
        features = arena.allocate((long) examples * featuresPerExample * Float.BYTES, 64);
        labels = arena.allocate((long) examples * Integer.BYTES, 64);
    }

    /// Epoch it belongs to, from 0.
    public int epoch() {
        return epoch;
    }

    /// Its number within the epoch, from 0.
    public int step() {
        return step;
    }

    /// Features as `f32[batch, …]`, row-major.
    public MemorySegment features() {
        return features;
    }

    /// Labels as `i32[batch]`.
    public MemorySegment labels() {
        return labels;
    }

    void begin(int newEpoch, int newStep) {
        epoch = newEpoch;
        step = newStep;
    }

    void put(int place, float[] example, int label) {
        long at = (long) place * example.length * Float.BYTES;
        MemorySegment.copy(example, 0, features, ValueLayout.JAVA_FLOAT, at, example.length);
        labels.setAtIndex(ValueLayout.JAVA_INT, place, label);
    }
}
