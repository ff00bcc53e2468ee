package dev.partita.kernels.cpu;

import java.lang.foreign.MemorySegment;

/// One number per channel, repeated side by side to a tile of whole vectors, so that rows narrower
/// than a vector fill vectors too.
final class Repeated {
    private final int channels;
    private final long rowBytes;
    private final long bytes;
    private final MemorySegment memory;

    Repeated(int channels) {
        this.channels = channels;
        rowBytes = (long) channels * Float.BYTES;
        bytes = (long) length(channels) * Float.BYTES;
        memory = Stretches.scratch(length(channels));
    }

    /// Elements of a tile: whole rows, whole vectors, about [Stretches#LENGTH] of them where rows
    /// are not longer.
    static int length(int channels) {
        int together = channels;
        while (together % Floats.LANES != 0) {
            together *= 2;
        }
        return together * Math.max(1, Stretches.LENGTH / together);
    }

    long address() {
        return memory.address();
    }

    /// Takes over a row of a buffer that has one number per channel in each.
    void load(MemorySegment numbers, int row) {
        Floats.copy(numbers.address() + row * rowBytes, address(), rowBytes);
        repeat();
    }

    float get(int channel) {
        return Floats.get(address() + (long) channel * Float.BYTES);
    }

    /// Sets a channel's number, for all rows after [#repeat].
    void set(int channel, double number) {
        Floats.set(address() + (long) channel * Float.BYTES, (float) number);
    }

    void repeat() {
        for (long at = rowBytes; at < bytes; at += rowBytes) {
            Floats.copy(address(), address() + at, rowBytes);
        }
    }

    /// Adds all rows to the totals of their channels, and zeroes them.
    void addTo(double[] totals) {
        for (long at = 0; at < bytes; at += rowBytes) {
            for (int c = 0; c < channels; c++) {
                totals[c] += Floats.get(address() + at + (long) c * Float.BYTES);
            }
        }
        clear();
    }

    void clear() {
        Floats.clear(address(), bytes);
    }
}
