package dev.partita.shell.command;

import dev.partita.runtime.data.DataSplit;
import dev.partita.runtime.data.Dataset;
import dev.partita.runtime.data.GeneratedDigits;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;

/// A few generated digits as files, so that a command has data to read.
final class Digits {
    private static final int IMAGES = 0x803;
    private static final int LABELS = 0x801;

    private Digits() {}

    static void write(Path folder, int train, int test) throws IOException {
        Files.createDirectories(folder);
        DataSplit digits = GeneratedDigits.of(1, train, test);
        write(digits.train(), folder, "train");
        write(digits.test(), folder, "t10k");
    }

    private static void write(Dataset digits, Path folder, String name) throws IOException {
        int pixels = 28 * 28;
        ByteBuffer images = ByteBuffer.allocate(16 + digits.size() * pixels);
        images.putInt(IMAGES).putInt(digits.size()).putInt(28).putInt(28);
        ByteBuffer labels = ByteBuffer.allocate(8 + digits.size());
        labels.putInt(LABELS).putInt(digits.size());
        for (int i = 0; i < digits.size(); i++) {
            for (float pixel : digits.features(i)) {
                images.put((byte) Math.round(255 * pixel));
            }
            labels.put((byte) digits.label(i));
        }
        Files.write(folder.resolve(name + "-images-idx3-ubyte"), images.array());
        Files.write(folder.resolve(name + "-labels-idx1-ubyte"), labels.array());
    }
}
