package dev.partita.runtime.data;

/// Which batch of which epoch, both counted from 0.
public record BatchPlace(int epoch, int step) {
    /// The first batch of all.
    public static final BatchPlace START = new BatchPlace(0, 0);

    /// The place so many batches later.
    ///
    /// @param steps batches of an epoch
    public BatchPlace after(long batches, int steps) {
        long later = step + batches;
        return new BatchPlace(epoch + Math.toIntExact(later / steps), (int) (later % steps));
    }
}
