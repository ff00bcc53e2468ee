package dev.partita.compiler.processor;

import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A size of memory as a person writes it: `80 GiB`, `512 MiB`, `24 GB`.
final class ByteSize {
    private static final Pattern WRITTEN = Pattern.compile("(\\d{1,9}) ?(B|[KMGT]B|[KMGT]iB)");

    private static final Map<String, Long> UNITS =
            Map.of(
                    "B", 1L,
                    "KB", 1_000L,
                    "MB", 1_000_000L,
                    "GB", 1_000_000_000L,
                    "TB", 1_000_000_000_000L,
                    "KiB", 1L << 10,
                    "MiB", 1L << 20,
                    "GiB", 1L << 30,
                    "TiB", 1L << 40);

    private ByteSize() {}

    /// Reads a size.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `InvalidArgument` if it is none
    static long parse(String text) {
        Matcher written = WRITTEN.matcher(text.strip());
        Long unit = written.matches() ? UNITS.get(written.group(2)) : null;
        if (unit == null) {
            throw Problem.of(
                            ProblemCode.INVALID_ARGUMENT,
                            "This is no size of memory: \"" + text + "\".")
                    .fix("a number and a unit, such as 80 GiB or 512 MiB")
                    .exception();
        }
        return Long.parseLong(written.group(1)) * unit;
    }
}
