package dev.partita.dsl.problem;

import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The line of the user's program that a value or message comes from. Prints `Mlp.java:14`; in
/// JShell, where a snippet has a number but no file, `#12`; unknown origins print empty.
public record Origin(String file, int line) {
    /// No line is known.
    public static final Origin UNKNOWN = new Origin("", 0);

    private static final StackWalker WALKER =
            StackWalker.getInstance(StackWalker.Option.RETAIN_CLASS_REFERENCE);
    private static final Pattern MACHINERY =
            Pattern.compile(
                    "java\\.|jdk\\.|dev\\.partita\\.(dsl|kernels|compiler|runtime|shell)\\.");
    private static final Pattern SNIPPET = Pattern.compile("\\$JShell\\$(\\d+)\\w*\\.java");

    /// Where a word stands that is not called by the program it belongs to.
    private static final ScopedValue<Origin> SAID = ScopedValue.newInstance();

    /// What `words` give, where all of them stand at `place`: for programs that are read instead of
    /// run, such as annotations in javac.
    public static <T> T during(Origin place, Supplier<T> words) {
        return ScopedValue.where(SAID, place).call(words::get);
    }

    /// The first frame of the current stack that is not Partita's or the JDK's: the user's call;
    /// within [#during] the place that is said there.
    public static Origin here() {
        return SAID.isBound() ? SAID.get() : calling();
    }

    private static Origin calling() {
        return WALKER.walk(frames ->
                frames.filter(f -> isUsers(f.getDeclaringClass()))
                        .findFirst()
                        .map(f -> of(f.getFileName(), f.getLineNumber()))
                        .orElse(UNKNOWN));
    }

    /// A line of a source file as a stack frame names it; a JShell class file becomes its snippet
    /// number.
    public static Origin of(@Nullable String file, int line) {
        if (file == null) {
            return UNKNOWN;
        }
        Matcher snippet = SNIPPET.matcher(file);
        return snippet.matches() ? new Origin("#" + snippet.group(1), 0) : new Origin(file, line);
    }

    /// Everything outside the JDK and Partita's machinery is a user's; so are Partita's models,
    /// lessons and tests.
    private static boolean isUsers(Class<?> type) {
        return !MACHINERY.matcher(type.getName()).lookingAt()
                || type.getNestHost().getSimpleName().endsWith("Test");
    }

    public boolean isKnown() {
        return !file.isEmpty();
    }

    @Override
    public String toString() {
        return line > 0 ? file + ":" + line : file;
    }
}
