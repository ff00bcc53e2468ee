package dev.partita.runtime.state;

import dev.partita.dsl.problem.NearMiss;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.problem.ProblemException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// What can be wrong with a checkpoint, in words.
final class CheckpointProblems {
    private CheckpointProblems() {}

    /// @param because what was found; an exception without words counts as something missing
    static ProblemException corrupt(Path file, Exception because) {
        String reason = because.getMessage();
        return Problem.of(
                        ProblemCode.CHECKPOINT_CORRUPT,
                        "A file of the checkpoint is not as it was written.")
                .fact("file", file)
                .fact("because", reason == null ? "something is missing in it" : reason)
                .fix(another(file))
                .exception(because);
    }

    /// The checkpoint before this one, if it is still there.
    private static String another(Path file) {
        Path folder = file.toAbsolutePath().getParent();
        Path run = folder == null ? null : folder.getParent();
        if (run == null) {
            return "another checkpoint";
        }
        List<Path> others =
                new CheckpointFolder(run)
                        .complete().stream().filter(each -> !each.equals(folder)).toList();
        return others.isEmpty()
                ? "another checkpoint"
                : "delete " + folder + ": then " + others.getLast().getFileName() + " is the last";
    }

    static ProblemException otherVersion(Path file, int version) {
        return Problem.of(
                        ProblemCode.UNSUPPORTED,
                        "Another version of Partita wrote this checkpoint.")
                .fact("file", file)
                .fact("its version", version)
                .fact("understood here", CheckpointIndex.VERSION)
                .fix("the Partita that wrote it, or a checkpoint of this one")
                .exception();
    }

    static ProblemException missing(Path folder) {
        Path whole = folder.toAbsolutePath().normalize();
        Path parent = whole.getParent();
        List<String> neighbours = parent == null ? List.of() : readable(parent);
        return Problem.of(ProblemCode.CHECKPOINT_MISSING, "There is no checkpoint here.")
                .fact("folder", whole)
                .fix(
                        neighbours.isEmpty()
                                ? "the folder that a training was told to write checkpoints into"
                                : NearMiss.fix(
                                        String.valueOf(whole.getFileName()), neighbours, "folder"))
                .exception();
    }

    /// Names of the folders in `parent` that are checkpoints or hold some.
    private static List<String> readable(Path parent) {
        List<Path> checkpoints = new CheckpointFolder(parent).complete();
        try (Stream<Path> all = Files.list(parent)) {
            return all.filter(each -> Files.isDirectory(each))
                    .filter(each -> checkpoints.contains(each) || Checkpoint.isIn(each))
                    .map(each -> each.getFileName().toString())
                    .sorted()
                    .toList();
        } catch (IOException e) {
            return List.of();
        }
    }

    static ProblemException notWritten(Path folder, IOException because) {
        Problem problem =
                Problem.of(ProblemCode.OUTPUT_NOT_WRITTEN, "The checkpoint could not be written.")
                        .fact("folder", folder.toAbsolutePath().normalize())
                        .fact("because", reason(because));
        Optional<Path> before = new CheckpointFolder(folder).last();
        problem =
                before.isEmpty()
                        ? problem
                        : problem.fact("as it was", String.valueOf(before.get().getFileName()));
        return problem.fix("a folder on a disk that has room and can be written")
                .exception(because);
    }

    /// In words that say what is wrong with which file.
    private static String reason(IOException because) {
        return switch (because) {
            case FileAlreadyExistsException e -> e.getFile() + " is there already";
            case AccessDeniedException e -> e.getFile() + " may not be written";
            case NoSuchFileException e -> e.getFile() + " cannot be made";
            default -> String.valueOf(because.getMessage());
        };
    }
}
