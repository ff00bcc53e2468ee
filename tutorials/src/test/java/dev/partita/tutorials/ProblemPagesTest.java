package dev.partita.tutorials;

import static com.google.common.truth.Truth.assertThat;
import static com.google.common.truth.Truth.assertWithMessage;

import dev.partita.dsl.problem.ProblemCode;
import dev.partita.shell.engine.Engine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Every ProblemCode has a page; what it shows failing fails so, and what it shows mended does not.
final class ProblemPagesTest {
    private static Engine engine;

    @BeforeAll
    static void open() {
        engine = Engine.open();
    }

    @AfterAll
    static void close() {
        engine.close();
    }

    private static Path page(ProblemCode code) {
        return Path.of("..").resolve(code.page());
    }

    @Test
    void every_code_has_a_page_and_every_page_is_of_a_code() throws IOException {
        try (Stream<Path> pages = Files.list(Path.of("problems"))) {
            assertThat(pages.map(page -> page.getFileName().toString()))
                    .containsExactlyElementsIn(
                            Arrays.stream(ProblemCode.values()).map(code -> code + ".md").toList());
        }
    }

    /// With `-Dproblems.write=true` the page is written anew instead.
    @ParameterizedTest
    @EnumSource
    void a_page_shows_what_fails_what_is_said_and_what_mends_it(
            ProblemCode code, @TempDir Path folder) throws IOException, InterruptedException {
        Path file = page(code);
        String committed = Files.readString(file);
        assertThat(committed).startsWith("# " + code + "\n");
        String fresh = ProblemPage.run(code, committed, engine, folder);
        if (Boolean.getBoolean("problems.write")) {
            Files.writeString(file, fresh);
        } else {
            assertWithMessage(
                            "%s is not what is said now; write it anew with -Dproblems.write=true",
                            file)
                    .that(committed)
                    .isEqualTo(fresh);
        }
    }
}
