package dev.partita.shell.draw;

import dev.partita.compiler.plan.Timeline;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// A picture of a training step in time: one timeline, or one foretold and one measured beside each
/// other.
///
/// @param title what it is a step of
/// @param sentences what else there is to say about it
public record TimelinePicture(String title, List<String> sentences, List<Timeline> timelines) {
    private static final int COLUMNS = 100;
    private static final List<String> ENDINGS = List.of("html", "json", "txt");

    public TimelinePicture {
        sentences = List.copyOf(sentences);
        timelines = List.copyOf(timelines);
        if (timelines.isEmpty()) {
            throw new IllegalArgumentException("nothing to draw");
        }
    }

    /// Writes the picture in characters to standard output.
    public void print() {
        System.out.print(text(COLUMNS));
    }

    /// The picture in characters.
    ///
    /// @param width in characters
    public String text(int width) {
        return title + "\n" + TimelineText.draw(timelines, width);
    }

    /// A page that needs nothing but itself.
    public String html() {
        return TimelinePage.draw(title, sentences, timelines);
    }

    /// JSON that Perfetto (ui.perfetto.dev) and chrome://tracing open.
    public String trace() {
        return TimelineTrace.draw(timelines);
    }

    /// The form that a file of this name has: a page for `.html`, a trace for `.json`, characters
    /// for `.txt`.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `InvalidArgument` for any other ending
    public String as(String file) {
        requireKnown(file);
        return switch (ending(file)) {
            case "html" -> html();
            case "json" -> trace();
            default -> text(COLUMNS);
        };
    }

    /// @throws dev.partita.dsl.problem.ProblemException `InvalidArgument` unless [#as] knows what
    ///   the file is to be
    public static void requireKnown(String file) {
        if (!ENDINGS.contains(ending(file))) {
            throw Problem.of(
                            ProblemCode.INVALID_ARGUMENT,
                            "The ending of its name says how a timeline is written.")
                    .fact("given", file)
                    .fix("step.html for a page, step.json for a trace, step.txt for text")
                    .exception();
        }
    }

    private static String ending(String file) {
        return file.substring(file.lastIndexOf('.') + 1);
    }

    /// Writes it to a file, as [#as] says.
    ///
    /// @return where it was written
    /// @throws dev.partita.dsl.problem.ProblemException `InvalidArgument`, `OutputNotWritten`
    public Path write(String file) {
        String content = as(file);
        try {
            return Files.writeString(Path.of(file), content);
        } catch (IOException e) {
            throw Problem.of(
                            ProblemCode.OUTPUT_NOT_WRITTEN,
                            "The timeline cannot be written to " + file + ".")
                    .fact("reason", e)
                    .fix("a file in a folder that exists and can be written")
                    .exception(e);
        }
    }

    /// In one line of at most 80 characters.
    @Override
    public String toString() {
        return title + ": " + String.join(", ", timelines.stream().map(Timeline::name).toList());
    }
}
