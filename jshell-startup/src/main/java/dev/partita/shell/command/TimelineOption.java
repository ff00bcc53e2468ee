package dev.partita.shell.command;

import dev.partita.shell.draw.Screen;
import dev.partita.shell.draw.TimelinePicture;
import java.nio.file.Path;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// Where a command's picture of a step in time goes.
final class TimelineOption {
    private static final String TERMINAL = "-";

    @Option(
            names = "--timeline",
            paramLabel = "FILE",
            description = {
                "Draws the step in time: FILE.html a page to zoom into, FILE.json a trace for Perfetto, FILE.txt or - text,",
                "with the memory of each device over time in the first two."
            })
    private @Nullable String place;

    @Option(
            names = "--columns",
            paramLabel = "N",
            description = "Width of a timeline in the terminal. Default: ${DEFAULT-VALUE}.")
    private int columns = 100;

    /// True if a picture is to be made.
    boolean isWanted() {
        return place != null;
    }

    /// Something that writes the picture if it is wanted, known to be able to.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `InvalidArgument`, `OutputNotWritten`
    Drawing drawing(Screen screen) {
        String file = place;
        if (file == null) {
            return _ -> {};
        }
        if (file.equals(TERMINAL)) {
            return picture -> screen.out().print(picture.get().text(columns));
        }
        TimelinePicture.requireKnown(file);
        JsonFile target = JsonFile.at(Path.of(file));
        return picture -> target.writeText(picture.get().as(file));
    }

    /// Draws a picture that is made only if it is wanted.
    interface Drawing {
        void draw(Supplier<TimelinePicture> picture);
    }
}
