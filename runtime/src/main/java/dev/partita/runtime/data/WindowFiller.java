package dev.partita.runtime.data;

/// Puts windows of a text into batches. Its memory is used again for every window.
final class WindowFiller {
    private final TextDataset text;
    private final Masking masking;

    /// The window and the token after it.
    private final int[] window;

    private final int[] labels;
    private final int[] segments;

    WindowFiller(TextDataset text) {
        this.text = text;
        masking = new Masking(text.vocabulary().size());
        window = new int[text.labels() + 1];
        labels = new int[text.labels()];
        segments = new int[text.labels()];
    }

    /// Puts a window at a place of a batch: with the token after each as labels, or with what was
    /// hidden.
    ///
    /// @param shift tokens by which it is moved
    void fill(Batch batch, int place, int example, int shift, long seed) {
        int start = text.read(example, shift, window);
        cut();
        if (text.isHidden()) {
            masking.hide(seed, batch.epoch(), start, window, labels);
            batch.put(place, window, labels, segments);
        } else {
            batch.put(place, window, window, segments);
        }
    }

    /// Cuts the window into two segments: after the last line that ends in its first half, or in
    /// the middle if none does.
    private void cut() {
        int end = segments.length / 2;
        int lineBreak = text.lineBreak();
        for (int i = end - 1; i >= 0; i--) {
            if (window[i] == lineBreak) {
                end = i + 1;
                break;
            }
        }
        for (int i = 0; i < segments.length; i++) {
            segments[i] = i < end ? 0 : 1;
        }
    }
}
