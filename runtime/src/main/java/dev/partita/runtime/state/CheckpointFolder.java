package dev.partita.runtime.state;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// The folder of one training, with a folder `step-N` in it per checkpoint. A checkpoint is written
/// beside its place and renamed when the disk has all of it: what is called `step-N` is complete,
/// whenever the power fails. The last two are kept.
final class CheckpointFolder {
    private static final int KEPT = 2;
    private static final Pattern COMPLETE = Pattern.compile("step-(\\d{8,})");

    /// A checkpoint that is being written, or deleted, by the process of this number.
    private static final Pattern DRAFT = Pattern.compile("\\.step-\\d{8,}\\.(\\d+)\\.part");

    private final Path run;

    CheckpointFolder(Path run) {
        this.run = run.toAbsolutePath().normalize();
    }

    /// The checkpoints, the last one last.
    List<Path> complete() {
        return matching(COMPLETE).stream()
                .sorted(Comparator.comparingLong(CheckpointFolder::step))
                .toList();
    }

    Optional<Path> last() {
        List<Path> all = complete();
        return all.isEmpty() ? Optional.empty() : Optional.of(all.getLast());
    }

    private static long step(Path folder) {
        Matcher name = COMPLETE.matcher(folder.getFileName().toString());
        return name.matches() ? Long.parseLong(name.group(1)) : -1;
    }

    private List<Path> matching(Pattern name) {
        List<Path> found = new ArrayList<>();
        try (DirectoryStream<Path> all = Files.newDirectoryStream(run)) {
            for (Path each : all) {
                if (name.matcher(each.getFileName().toString()).matches()) {
                    found.add(each);
                }
            }
        } catch (IOException e) {
            return List.of();
        }
        return found;
    }

    /// What fills a checkpoint's folder.
    @FunctionalInterface
    interface Content {
        void write(Path folder) throws IOException;
    }

    /// Adds the checkpoint of this step; it is there whole or not at all.
    ///
    /// @throws IOException if there is one of this step already, which is never replaced
    void add(long step, Content content) throws IOException {
        Path place = run.resolve("step-%08d".formatted(step));
        if (Files.exists(place)) {
            throw new FileAlreadyExistsException(place.toString());
        }
        Files.createDirectories(run);
        clean();
        Path draft = draft(step);
        try {
            Files.createDirectory(draft);
            content.write(draft);
            sync(draft);
            Files.move(draft, place, StandardCopyOption.ATOMIC_MOVE);
            sync(run);
        } catch (IOException | RuntimeException e) {
            delete(draft);
            throw e;
        }
        List<Path> all = complete();
        for (Path old : all.subList(0, Math.max(0, all.size() - KEPT))) {
            discard(old);
        }
    }

    private Path draft(long step) {
        return run.resolve(".step-%08d.%d.part".formatted(step, ProcessHandle.current().pid()));
    }

    /// Deletes what processes that are no more have left half-written.
    private void clean() throws IOException {
        for (Path left : matching(DRAFT)) {
            Matcher name = DRAFT.matcher(left.getFileName().toString());
            long owner = name.matches() ? Long.parseLong(name.group(1)) : -1;
            boolean own = owner == ProcessHandle.current().pid();
            if (own || ProcessHandle.of(owner).isEmpty()) {
                delete(left);
            }
        }
    }

    /// Deletes a checkpoint, which is no checkpoint from the first moment on.
    private void discard(Path old) throws IOException {
        Path draft = draft(step(old));
        Files.move(old, draft, StandardCopyOption.ATOMIC_MOVE);
        delete(draft);
    }

    private static void delete(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(each);
            }
        }
    }

    /// Returns when the disk has the names in a folder. (Windows opens no folder, and needs none of
    /// this.)
    private static void sync(Path folder) throws IOException {
        if (folder.getFileSystem().supportedFileAttributeViews().contains("posix")) {
            try (var channel = FileChannel.open(folder, StandardOpenOption.READ)) {
                channel.force(true);
            }
        }
    }
}
