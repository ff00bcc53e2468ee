package dev.partita.dsl.problem;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The line of the user's program that a value or message comes from. Prints `Mlp.java:14`; in
/// JShell, where a snippet has a number but no file, `#12`; unknown origins print empty.
///
/// @param column where the word itself stands in its line, from 1, or 0: a stack names lines only.
///   It is not printed.
public record Origin(String file, int line, int column) {
    /// No line is known.
    public static final Origin UNKNOWN = new Origin("", 0);

    private static final ScopedValue<Origin> SAID_FOR = ScopedValue.newInstance();
    private static final StackWalker WALKER =
            StackWalker.getInstance(StackWalker.Option.RETAIN_CLASS_REFERENCE);
    private static final Pattern MACHINERY =
            Pattern.compile(
                    "java\\.|jdk\\.|dev\\.partita\\.(dsl|kernels|compiler|runtime|shell)\\.");
    private static final Pattern SNIPPET = Pattern.compile("\\$JShell\\$(\\d+)\\w*\\.java");

    public Origin(String file, int line) {
        this(file, line, 0);
    }

    /// The first frame of the current stack that is not Partita's or the JDK's: the user's call.
    public static Origin here() {
        return SAID_FOR.isBound() ? SAID_FOR.get() : ofCaller();
    }

    /// What `words` give, as if they had been said in `place`: for whoever says the words of a
    /// user's source before it runs, such as a javac plugin.
    public static <T, X extends Throwable> T saying(
            Origin place, ScopedValue.CallableOp<T, X> words) throws X {
        return ScopedValue.where(SAID_FOR, place).call(words);
    }

    private static Origin ofCaller() {
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
