package dev.partita.shell.command;

import dev.partita.runtime.data.DataSplit;
import dev.partita.runtime.data.GeneratedDigits;
import dev.partita.runtime.data.Mnist;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// What a model is trained on.
final class DataOption {
    @Option(
            names = "--data",
            paramLabel = "DIR",
            description =
                    "Folder with the four MNIST files, gzipped or not. Default: generated digits.")
    private @Nullable Path folder;

    DataSplit read(long seed) {
        return folder == null ? GeneratedDigits.of(seed) : Mnist.read(folder);
    }
}
