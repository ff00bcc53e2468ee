package dev.partita.tutorials;

import static com.google.common.truth.Truth.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The sample project compiles without a warning, with the processor and the plugin that its
/// `pom.xml` names.
final class SampleProjectTest {
    @TempDir private Path classes;

    @Test
    void the_sample_compiles_with_processor_and_plugin() throws IOException {
        var compiler = ToolProvider.getSystemJavaCompiler();
        var found = new DiagnosticCollector<JavaFileObject>();
        try (Stream<Path> files = Files.walk(Path.of("sample", "src"));
                var manager = compiler.getStandardFileManager(found, null, null)) {
            List<Path> sources = files.filter(file -> file.toString().endsWith(".java")).toList();
            assertThat(sources).isNotEmpty();
            List<String> options =
                    List.of(
                            "-d",
                            classes.toString(),
                            "-cp",
                            System.getProperty("java.class.path"),
                            "-processor",
                            "dev.partita.compiler.processor.ShardedModelProcessor",
                            "-Xplugin:Partita",
                            "-Xlint:all,-path,-processing,-classfile");
            compiler.getTask(
                            null,
                            manager,
                            found,
                            options,
                            null,
                            manager.getJavaFileObjectsFromPaths(sources))
                    .call();
        }
        assertThat(found.getDiagnostics()).isEmpty();
        assertThat(Files.exists(classes.resolve("example/DigitsModel.class"))).isTrue();
    }
}
