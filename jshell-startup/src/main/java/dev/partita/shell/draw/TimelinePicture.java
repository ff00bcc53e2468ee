package dev.partita.shell.draw;

import dev.partita.compiler.Compilation;
import dev.partita.compiler.cost.ClusterSpec;
import dev.partita.compiler.cost.DeviceSpec;
import dev.partita.compiler.plan.Timeline;
import dev.partita.compiler.simulate.Simulator;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

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

    /// What the simulator foretells of a plan.
    ///
    /// @param cluster whose devices need not be here
    public static TimelinePicture predicted(Compilation compilation, ClusterSpec cluster) {
        Timeline timeline = foretold(compilation, cluster);
        return new TimelinePicture(
                title(compilation), List.of(sentence(timeline)), List.of(timeline));
    }

    /// What was measured of a plan, under what the simulator foretells of it if that is wanted.
    ///
    /// @param device that all devices of the mesh are
    public static TimelinePicture beside(
            Compilation compilation, Optional<DeviceSpec> device, Timeline measured) {
        List<Timeline> timelines = new ArrayList<>();
        device.map(each -> new ClusterSpec(each, compilation.plan().devices()))
                .ifPresent(cluster -> timelines.add(foretold(compilation, cluster)));
        timelines.add(measured);
        return new TimelinePicture(
                title(compilation),
                timelines.stream().map(TimelinePicture::sentence).toList(),
                timelines);
    }

    private static Timeline foretold(Compilation compilation, ClusterSpec cluster) {
        return Simulator.run(compilation.plan(), cluster)
                .timeline(compilation.plan(), "predicted on " + cluster.device().name());
    }

    private static String title(Compilation compilation) {
        return compilation.model().name() + " on " + compilation.options().mesh();
    }

    private static String sentence(Timeline timeline) {
        return String.format(
                Locale.ROOT, "A step takes %.4g s, %s.", timeline.seconds(), timeline.name());
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

    /// Checks that [#as] knows what a file is to be.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `InvalidArgument` if it does not
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
