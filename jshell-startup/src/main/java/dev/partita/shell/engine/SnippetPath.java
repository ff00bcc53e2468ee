package dev.partita.shell.engine;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Tells the compiler of snippets where Partita's modules lie, where this process found them
/// itself, and to check what of them is constant before it runs.
final class SnippetPath {
    private SnippetPath() {}

    static List<String> compilerOptions() {
        String modules = System.getProperty("jdk.module.path", "");
        String classes = System.getProperty("java.class.path", "");
        var options = new ArrayList<String>();
        options.addAll(
                List.of("--module-path", modules.isEmpty() ? modulesAmong(classes) : modules));
        options.addAll(List.of("--add-modules", "dev.partita,jdk.incubator.vector"));
        if (!classes.isEmpty()) {
            options.addAll(List.of("--class-path", classes));
        }
        options.add("-Xplugin:Partita");
        return options;
    }

    /// Tests and IDEs may run on the class path; `import module dev.partita` still needs modules to
    /// read.
    private static String modulesAmong(String classPath) {
        return Stream.of(classPath.split(File.pathSeparator))
                .map(Path::of)
                .filter(entry ->
                        Files.isRegularFile(entry)
                                || Files.exists(entry.resolve("module-info.class")))
                .map(Path::toString)
                .collect(Collectors.joining(File.pathSeparator));
    }
}
