package dev.partita.shell.bench;

import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Where the program is that trains the same with libtorch. It is built and downloaded only when a
/// person asks for it, and runs in a process of its own: no library of it is on our path, and its
/// environment makes it as fast as it can be.
///
/// @param folder holds its jar, and its libraries in `lib`
public record PeerProgram(Path folder) {
    /// What a person types to get it.
    public static final String HOW_TO_GET =
            "mvn -Ppeers -pl jshell-startup/src/peer -am package, which downloads libtorch (115 MB)";

    private static final String MAIN = "dev.partita.peer.Libtorch";

    /// Threads wait without burning the cores that the others compute on, and freed memory stays in
    /// the process: both make libtorch faster.
    private static final Map<String, String> SETTINGS =
            Map.of(
                    "OMP_WAIT_POLICY", "PASSIVE",
                    "GOMP_SPINCOUNT", "0",
                    "MALLOC_TOP_PAD_", "1073741824",
                    "MALLOC_TRIM_THRESHOLD_", "4294967296",
                    "MALLOC_MMAP_THRESHOLD_", "4294967296");

    /// The one beside this build, if it is there.
    public static Optional<PeerProgram> find() {
        CodeSource source = PeerProgram.class.getProtectionDomain().getCodeSource();
        if (source == null) {
            return Optional.empty();
        }
        try {
            // target/classes or target/lib/partita.jar: one or two folders below target
            for (Path at = Path.of(source.getLocation().toURI()); at != null; at = at.getParent()) {
                if (at.endsWith("target")) {
                    return Optional.of(at.resolve("peer"))
                            .filter(PeerProgram::isThere)
                            .map(PeerProgram::new);
                }
            }
            return Optional.empty();
        } catch (URISyntaxException e) {
            return Optional.empty();
        }
    }

    /// The one in a folder that the user named.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `DataFileMissing`
    public static PeerProgram in(Path folder) {
        if (!isThere(folder)) {
            throw Problem.of(
                            ProblemCode.DATA_FILE_MISSING,
                            "There is no program to measure beside in " + folder + ".")
                    .fix(HOW_TO_GET + "; it is then in jshell-startup/target/peer")
                    .exception();
        }
        return new PeerProgram(folder);
    }

    private static boolean isThere(Path folder) {
        return Files.isDirectory(folder.resolve("lib"));
    }

    /// Starts it.
    ///
    /// @param handover what [Handover] wrote
    Process start(Setting setting, Path handover) throws IOException {
        var builder =
                new ProcessBuilder(
                                List.of(
                                        ProcessHandle.current().info().command().orElse("java"),
                                        "-XX:+UseSerialGC",
                                        "--enable-native-access=ALL-UNNAMED",
                                        "-cp",
                                        folder
                                                + "/*"
                                                + java.io.File.pathSeparator
                                                + folder.resolve("lib")
                                                + "/*",
                                        MAIN,
                                        setting.workload().word(),
                                        setting.precision().name(),
                                        handover.toString()))
                        .redirectError(ProcessBuilder.Redirect.DISCARD);
        builder.environment().putAll(SETTINGS);
        String threads = String.valueOf(setting.devices());
        builder.environment().put("OMP_NUM_THREADS", threads);
        builder.environment().put("OPENBLAS_NUM_THREADS", threads);
        return builder.start();
    }
}
