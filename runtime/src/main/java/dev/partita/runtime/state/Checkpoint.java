package dev.partita.runtime.state;

import dev.partita.dsl.layer.Model;
import dev.partita.dsl.problem.ProblemException;
import dev.partita.dsl.tensor.TensorType;
import dev.partita.kernels.Buffer;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;

/// A checkpoint that was opened: every file was read once and is as it was written. The files stay
/// mapped as long as this object is reachable.
///
/// Its tensors are read in any blocks, whatever the mesh that wrote them: a device's block is
/// copied together from the stored blocks that it overlaps.
public final class Checkpoint {
    private final Path folder;
    private final CheckpointIndex index;
    private final Map<String, List<Piece>> pieces = new HashMap<>();

    /// A block where it lies in its file.
    private record Piece(StoredTensor.Block block, MemorySegment memory) {}

    private Checkpoint(Path folder, CheckpointIndex index) {
        this.folder = folder;
        this.index = index;
    }

    /// Opens the last checkpoint of a training, or the one that lies in this very folder.
    ///
    /// @throws ProblemException `CheckpointMissing`, `CheckpointCorrupt`, or `Unsupported` if
    ///   another version wrote it
    public static Checkpoint open(Path place) {
        Path folder =
                Files.exists(place.resolve(CheckpointIndex.FILE))
                        ? place
                        : new CheckpointFolder(place)
                                .last()
                                .orElseThrow(() -> CheckpointProblems.missing(place));
        var checkpoint = new Checkpoint(folder, CheckpointIndex.read(folder));
        Map<String, Map<String, Safetensors.Content>> files = new HashMap<>();
        checkpoint
                .index
                .files()
                .forEach((name, stored) -> files.put(name, checkpoint.openFile(name, stored)));
        checkpoint.findBlocks(files);
        return checkpoint;
    }

    /// Writes the checkpoint of a training into its folder, where the one before stays until this
    /// one is complete.
    ///
    /// @throws ProblemException `OutputNotWritten`; what was there before is as it was
    public static void write(TrainingState state, Path run) {
        try {
            new CheckpointFolder(run)
                    .add(state.point().step(), folder -> CheckpointWriter.write(state, folder));
        } catch (IOException e) {
            throw CheckpointProblems.notWritten(run, e);
        }
    }

    /// True if the folder of a training has a checkpoint.
    public static boolean isIn(Path run) {
        return new CheckpointFolder(run).last().isPresent();
    }

    private Map<String, Safetensors.Content> openFile(String name, StoredFile stored) {
        Path file = folder.resolve(name);
        try (var channel = FileChannel.open(file, StandardOpenOption.READ)) {
            if (channel.size() != stored.bytes()) {
                throw new IOException(
                        "it has %,d bytes and had %,d".formatted(channel.size(), stored.bytes()));
            }
            MemorySegment content =
                    channel.map(FileChannel.MapMode.READ_ONLY, 0, stored.bytes(), Arena.ofAuto());
            if (!Checksum.of(content).equals(stored.crc32c())) {
                throw new IOException("its checksum is another one");
            }
            return Safetensors.read(content);
        } catch (IOException e) {
            throw CheckpointProblems.corrupt(file, e);
        }
    }

    /// Finds the blocks of the index in their files.
    private void findBlocks(Map<String, Map<String, Safetensors.Content>> files) {
        index.tensors()
                .forEach((name, tensor) -> {
                    List<Piece> found = new ArrayList<>();
                    for (StoredTensor.Block block : tensor.blocks()) {
                        var content = files.getOrDefault(block.file(), Map.of()).get(name);
                        if (content == null
                                || content.entry().dtype() != tensor.whole().dtype()
                                || !content.entry().sizes().equals(block.place().sizes())) {
                            throw CheckpointProblems.corrupt(
                                    folder.resolve(block.file()),
                                    new IOException("a block of " + name + " is not in it"));
                        }
                        found.add(new Piece(block, content.memory()));
                    }
                    pieces.put(name, found);
                });
    }

    /// Where it lies.
    public Path folder() {
        return folder;
    }

    /// Where the training was.
    public TrainingPoint point() {
        return index.training();
    }

    /// The best test until then, if there was one.
    public Optional<BestTest> best() {
        return Optional.ofNullable(index.best());
    }

    /// The characters that tokens are, in order, if it was trained on text.
    public Optional<String> vocabulary() {
        return Optional.ofNullable(index.vocabulary());
    }

    /// Tokens of an example, if the model reads tokens.
    public OptionalLong sequence() {
        Long sequence = index.model().sequence();
        return sequence == null ? OptionalLong.empty() : OptionalLong.of(sequence);
    }

    /// Types of the weights, by name.
    public Map<String, TensorType> parameters() {
        Map<String, TensorType> types = new LinkedHashMap<>();
        index.tensors()
                .forEach((name, tensor) -> {
                    if (tensor.role() == NamedBlock.Role.PARAMETER) {
                        types.put(name, tensor.whole());
                    }
                });
        return types;
    }

    /// The weights, by name, as they were after the last step.
    public Map<String, HostTensor> weights() {
        Map<String, HostTensor> weights = new LinkedHashMap<>();
        parameters().keySet().forEach(name -> weights.put(name, read(name)));
        return weights;
    }

    /// The tensors that were kept of the best test, by the names of those they are copies of.
    public Map<String, HostTensor> bestTensors() {
        Map<String, HostTensor> best = new LinkedHashMap<>();
        for (String name : index.tensors().keySet()) {
            if (index.tensors().containsKey(NamedBlock.bestOf(name))) {
                best.put(name, read(NamedBlock.bestOf(name)));
            }
        }
        return best;
    }

    private HostTensor read(String name) {
        HostTensor whole = HostTensor.zeros(tensor(name).whole());
        copy(name, Buffer.whole(whole.type(), whole.memory()));
        return whole;
    }

    private StoredTensor tensor(String name) {
        return Objects.requireNonNull(index.tensors().get(name), name);
    }

    /// Gives devices all that the training held: weights and state, none more and none less.
    ///
    /// @throws ProblemException `CheckpointMismatch`; then no device has changed
    public void restore(Model model, List<List<NamedBlock>> devices) {
        var match = new CheckpointMatch(index, folder);
        match.requireModel(model);
        match.requireSame(devices);
        devices.forEach(device -> device.forEach(block -> copy(block.name(), block.buffer())));
    }

    /// Gives devices the weights and running averages that tested best, or those of the last step
    /// if there was no test.
    ///
    /// @throws ProblemException `CheckpointMismatch`; then no device has changed
    public void restoreBest(Model model, List<List<NamedBlock>> devices) {
        var match = new CheckpointMatch(index, folder);
        match.requireModel(model);
        match.requireThere(devices);
        for (List<NamedBlock> device : devices) {
            for (NamedBlock block : device) {
                String best = NamedBlock.bestOf(block.name());
                boolean tested = index.tensors().containsKey(best);
                copy(tested ? best : block.name(), block.buffer());
            }
        }
    }

    /// Copies what a buffer is to hold out of the blocks that overlap it.
    private void copy(String name, Buffer target) {
        for (Piece piece : pieces.getOrDefault(name, List.of())) {
            Overlap.copy(
                    target.type().dtype(),
                    piece.block().place(),
                    piece.memory(),
                    BlockPlace.of(target),
                    target.memory());
        }
    }

    /// Writes [#describe] to standard output.
    public void print() {
        System.out.print(describe());
    }

    /// What it holds, as a table.
    public String describe() {
        return new CheckpointText(folder, index).table();
    }

    /// In one line of at most 80 characters.
    @Override
    public String toString() {
        return new CheckpointText(folder, index).line();
    }
}
