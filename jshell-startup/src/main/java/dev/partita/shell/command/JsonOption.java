package dev.partita.shell.command;

import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// Where a command's result goes as JSON.
final class JsonOption {
    @Option(names = "--json", paramLabel = "FILE", description = "Writes the result as JSON.")
    private @Nullable Path place;

    /// The file, known to be writable, if one is wanted.
    Optional<JsonFile> file() {
        return Optional.ofNullable(place).map(JsonFile::at);
    }
}
