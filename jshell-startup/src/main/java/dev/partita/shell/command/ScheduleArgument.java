package dev.partita.shell.command;

import dev.partita.compiler.pipeline.PipelineSchedule;
import dev.partita.compiler.pipeline.Schedules;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// A schedule by the name of its style, or written by hand in a file.
final class ScheduleArgument {
    private ScheduleArgument() {}

    /// The schedule.
    ///
    /// @param style a name, or a file with a line of actions for each device
    /// @param chunks stages per device; 0 if the user does not say
    /// @throws dev.partita.dsl.problem.ProblemException `InvalidArgument`, `DataFileMissing`,
    ///   `ScheduleRejected`
    static PipelineSchedule read(String style, int stages, int microBatches, int chunks) {
        if (!isName(style) && Files.exists(Path.of(style))) {
            return written(Path.of(style));
        }
        return Schedules.of(Schedules.named(style), stages, microBatches, chunks);
    }

    /// True for a known style.
    static boolean isName(String style) {
        return Schedules.names().contains(style);
    }

    private static PipelineSchedule written(Path file) {
        try {
            return PipelineSchedule.parse(Files.readString(file));
        } catch (IOException e) {
            throw Problem.of(ProblemCode.DATA_FILE_MISSING, "A schedule cannot be read.")
                    .fact("file", file)
                    .fact("reason", e)
                    .fix("a text file with a line of actions for each device, such as 0F0 0B0")
                    .exception(e);
        }
    }
}
