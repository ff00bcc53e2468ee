package dev.partita.kernels.cpu;

import dev.partita.dsl.graph.Window;
import dev.partita.dsl.tensor.Shape;
import dev.partita.kernels.Buffer;
import java.util.Optional;

/// A convolution by windows of 3x3 as Winograd's algorithm sees it (Lavin & Gray 2016, F(2x2,
/// 3x3)): tiles of 2x2 pixels of the result, each of which reads 4x4 pixels of the image. Tiles are
/// taken in groups whose transforms stay in the second cache; the last group is filled up with
/// tiles that lie outside.
final class WinogradTiles {
    /// Numbers of a transformed tile, per channel.
    static final int POINTS = 16;

    /// Side of a tile's part of the image.
    static final int REACH = 4;

    /// Side of a tile's part of the result.
    static final int SIDE = 2;

    /// Taps of the window.
    static final int TAPS = 9;

    private static final int WINDOW = 3;
    private static final long GROUP_BYTES = 600_000;
    private static final int LEAST_GROUP = 32;
    private static final int LEAST_CHANNELS = 32;

    /// Part of the products of plain windows that the algorithm may need at most.
    private static final double WORTH = 0.8;

    private final Pixels image;
    private final Pixels result;
    private final int padding;
    private final int tileRows;
    private final int tileColumns;
    private final int group;

    /// A batch of images in memory, channels-last.
    private record Pixels(long address, int batch, int rows, int columns, int pixelBytes) {
        static Pixels of(Buffer buffer) {
            Shape shape = buffer.type().shape();
            return new Pixels(
                    buffer.memory().address(),
                    (int) shape.size(0),
                    (int) shape.size(1),
                    (int) shape.size(2),
                    (int) shape.size(3) * Float.BYTES);
        }

        /// The addresses of a square of pixels, row by row.
        ///
        /// @param outside where pixels are that are not there
        void square(int number, int top, int left, int side, long outside, long[] at) {
            int next = 0;
            for (int row = top; row < top + side; row++) {
                boolean inside = number < batch && row >= 0 && row < rows;
                long line = address + ((long) number * rows + row) * columns * pixelBytes;
                for (int column = left; column < left + side; column++) {
                    at[next++] =
                            inside && column >= 0 && column < columns
                                    ? line + (long) column * pixelBytes
                                    : outside;
                }
            }
        }

        int channels() {
            return pixelBytes / Float.BYTES;
        }
    }

    private WinogradTiles(Pixels image, Pixels result, int padding) {
        this.image = image;
        this.result = result;
        this.padding = padding;
        tileRows = Math.ceilDiv(result.rows, SIDE);
        tileColumns = Math.ceilDiv(result.columns, SIDE);
        group = (int) (GROUP_BYTES / POINTS / (image.pixelBytes + result.pixelBytes));
    }

    /// The tiles of the convolution of `image` to `result`; empty where there is no such form or
    /// oneDNN's own is the better choice: for channels that fill no whole vectors, for few of them,
    /// where transforms weigh more than what they save, and for so many that few tiles make a
    /// group.
    static Optional<WinogradTiles> of(Window window, Buffer image, Buffer result) {
        boolean square =
                window.height() == WINDOW
                        && window.width() == WINDOW
                        && window.stride() == 1
                        && window.padding() < WINDOW;
        return Optional.of(new WinogradTiles(Pixels.of(image), Pixels.of(result), window.padding()))
                .filter(tiles -> square && tiles.fits() && tiles.saves());
    }

    private boolean fits() {
        return inputs() % Floats.LANES == 0
                && outputs() % Floats.LANES == 0
                && Math.min(inputs(), outputs()) >= LEAST_CHANNELS
                && group >= LEAST_GROUP
                && tiles() >= LEAST_GROUP;
    }

    /// True unless small results leave much of their tiles outside.
    private boolean saves() {
        return (double) POINTS * tileRows * tileColumns
                <= WORTH * TAPS * result.rows * result.columns;
    }

    /// Tiles of the whole batch.
    int tiles() {
        return result.batch * tileRows * tileColumns;
    }

    /// Tiles of a group.
    int group() {
        return group;
    }

    /// Channels of the image.
    int inputs() {
        return image.channels();
    }

    /// Channels of the result.
    int outputs() {
        return result.channels();
    }

    /// Bytes of a pixel of the image.
    long inputBytes() {
        return image.pixelBytes;
    }

    /// Bytes of a pixel of the result.
    long outputBytes() {
        return result.pixelBytes;
    }

    /// The addresses of the 4x4 pixels that a tile reads.
    ///
    /// @param outside where pixels are that are not there
    void image(int tile, long outside, long[] at) {
        int inImage = tile % (tileRows * tileColumns);
        int top = inImage / tileColumns * SIDE - padding;
        int left = inImage % tileColumns * SIDE - padding;
        image.square(tile / (tileRows * tileColumns), top, left, REACH, outside, at);
    }

    /// The addresses of the 2x2 pixels that a tile makes.
    ///
    /// @param outside where pixels are that are not there
    void result(int tile, long outside, long[] at) {
        int inImage = tile % (tileRows * tileColumns);
        int top = inImage / tileColumns * SIDE;
        int left = inImage % tileColumns * SIDE;
        result.square(tile / (tileRows * tileColumns), top, left, SIDE, outside, at);
    }
}
