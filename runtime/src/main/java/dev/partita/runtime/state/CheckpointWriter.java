package dev.partita.runtime.state;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// Writes one checkpoint: a file per device with the blocks that it alone holds and its share of
/// what several hold, then the index.
final class CheckpointWriter {
    private final TrainingState state;
    private final List<List<NamedBlock>> files = new ArrayList<>();
    private final Map<String, StoredTensor> tensors = new LinkedHashMap<>();

    private CheckpointWriter(TrainingState state) {
        this.state = state;
        state.devices().forEach(_ -> files.add(new ArrayList<>()));
    }

    /// Writes it into an empty folder.
    static void write(TrainingState state, Path folder) throws IOException {
        var writer = new CheckpointWriter(state);
        writer.share();
        writer.write(folder);
    }

    /// Which block, of which tensor.
    private record Key(String name, BlockPlace place) {}

    /// A device that holds it.
    private record Holder(int rank, NamedBlock block) {}

    /// Gives every block to one of the devices that hold it, to each of them in turn.
    private void share() {
        Map<Key, List<Holder>> holders = new LinkedHashMap<>();
        for (int rank = 0; rank < files.size(); rank++) {
            for (NamedBlock block : state.devices().get(rank)) {
                var key = new Key(block.name(), BlockPlace.of(block.buffer()));
                holders.computeIfAbsent(key, _ -> new ArrayList<>()).add(new Holder(rank, block));
            }
        }
        int turn = 0;
        for (List<Holder> each : holders.values()) {
            Holder writer = each.get(turn++ % each.size());
            add(writer.rank(), writer.block());
        }
        for (var each : new TreeMap<>(state.bestTensors()).entrySet()) {
            add(turn++ % files.size(), NamedBlock.best(each.getKey(), each.getValue()));
        }
    }

    private void add(int rank, NamedBlock block) {
        files.get(rank).add(block);
        var stored = new StoredTensor.Block(file(rank), BlockPlace.of(block.buffer()));
        tensors.merge(
                block.name(),
                new StoredTensor(block.role(), block.whole().toString(), List.of(stored)),
                StoredTensor::and);
    }

    private String file(int rank) {
        return "rank-%05d-of-%05d.safetensors".formatted(rank, files.size());
    }

    private void write(Path folder) throws IOException {
        Map<String, String> notes =
                Map.of(
                        "partita.model", state.model().name(),
                        "partita.step", String.valueOf(state.point().step()));
        Map<String, StoredFile> written = new LinkedHashMap<>();
        for (int rank = 0; rank < files.size(); rank++) {
            Path file = folder.resolve(file(rank));
            written.put(file(rank), Safetensors.write(file, files.get(rank), notes));
        }
        CheckpointIndex index = CheckpointIndex.of(state, byRole(), written);
        write(folder.resolve(CheckpointIndex.FILE), index.print());
    }

    /// Weights first, otherwise in the order of the plan.
    private Map<String, StoredTensor> byRole() {
        Map<String, StoredTensor> ordered = new LinkedHashMap<>();
        tensors.entrySet().stream()
                .sorted(Comparator.comparing(each -> each.getValue().role()))
                .forEach(each -> ordered.put(each.getKey(), each.getValue()));
        return ordered;
    }

    private static void write(Path file, String text) throws IOException {
        Files.writeString(file, text, StandardCharsets.UTF_8, StandardOpenOption.CREATE_NEW);
        try (var channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.force(true);
        }
    }
}
