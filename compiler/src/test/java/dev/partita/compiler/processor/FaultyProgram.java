package dev.partita.compiler.processor;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.JavaFileObject;

/// A program of the corpus: a mistake that people make, and the same program without it.
///
/// Its file begins with the code of the Problem and the story. `{{faulty|correct}}` is the mistake;
/// the error stands there, or at `/*!*/` where it is told elsewhere.
///
/// @param type name of the record, its file's in camel case
record FaultyProgram(String type, String code, String text) {
    private static final String ELSEWHERE = "/*!*/";
    private static final Pattern MISTAKE = Pattern.compile("\\{\\{(.*?)\\|(.*?)}}", Pattern.DOTALL);

    static List<FaultyProgram> all() {
        try (Stream<Path> files = Files.list(folder())) {
            return files.sorted().map(FaultyProgram::read).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Path folder() {
        try {
            return Path.of(
                    Objects.requireNonNull(FaultyProgram.class.getResource("/corpus")).toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    private static FaultyProgram read(Path file) {
        try {
            String text = Files.readString(file);
            String code = text.substring(3, text.indexOf(':'));
            String name = Identifier.type(file.getFileName().toString().replace(".txt", ""));
            String record =
                    text.substring(text.indexOf('\n') + 1)
                            .replace("record Net(", "record " + name + "(");
            return new FaultyProgram(name, code, Nets.source(record));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    JavaFileObject faulty() {
        return Nets.file(type, written("$1").replace(ELSEWHERE, ""));
    }

    JavaFileObject correct() {
        return Nets.file(type, written("$2").replace(ELSEWHERE, ""));
    }

    private String written(String part) {
        return MISTAKE.matcher(text).replaceAll(part);
    }

    /// Line and column of the error, from 1.
    String place() {
        String faulty = written("$1");
        Matcher mistake = MISTAKE.matcher(text);
        int at =
                faulty.contains(ELSEWHERE)
                        ? faulty.indexOf(ELSEWHERE)
                        : mistake.find() ? mistake.start() : 0;
        String before = faulty.substring(0, at);
        long line = before.chars().filter(c -> c == '\n').count() + 1;
        return line + ":" + (at - before.lastIndexOf('\n'));
    }

    @Override
    public String toString() {
        return type;
    }
}
