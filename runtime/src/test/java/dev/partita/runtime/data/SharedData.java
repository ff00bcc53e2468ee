package dev.partita.runtime.data;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/// Real data for tests: the folder that the system property `partita.data` names, or
/// `../shared/data` beside the checkout.
final class SharedData {
    private SharedData() {}

    /// A folder of the shared data, if it is on this machine.
    static Optional<Path> folder(String name) {
        String named = System.getProperty("partita.data");
        if (named != null) {
            return Optional.of(Path.of(named, name)).filter(Files::isDirectory);
        }
        for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
            Path folder = at.resolve("shared/data").resolve(name);
            if (Files.isDirectory(folder)) {
                return Optional.of(folder);
            }
        }
        return Optional.empty();
    }
}
