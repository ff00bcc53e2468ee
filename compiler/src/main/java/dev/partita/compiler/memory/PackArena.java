package dev.partita.compiler.memory;

import dev.partita.compiler.schedule.DeviceSequence;
import dev.partita.compiler.schedule.RoleSequences;
import dev.partita.dsl.graph.Value;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Packs the memory of a device: what lives for the whole step first, then the largest pieces
/// first, each at the lowest place where nothing alive at the same time lies (greedy by size,
/// Pisarchyk and Lee 2020).
public final class PackArena {
    private PackArena() {}

    /// Packs the memory of every role.
    public static MemoryPlans run(RoleSequences sequences) {
        return new MemoryPlans(sequences.roles().stream().map(PackArena::pack).toList());
    }

    private static MemoryPlan pack(DeviceSequence sequence) {
        var lifetimes = new Lifetimes(sequence);
        List<Storage> placed = new ArrayList<>();
        lifetimes.storages().stream()
                .sorted(order(sequence.actions().size()))
                .forEach(storage -> {
                    storage.offset = lowest(storage, placed);
                    placed.add(storage);
                });
        Map<Value, Long> offsets = new LinkedHashMap<>();
        lifetimes
                .places()
                .forEach((value, place) ->
                        offsets.put(value, place.storage().offset + place.begin()));
        long arena = placed.stream().mapToLong(Storage::end).max().orElse(0);
        return new MemoryPlan(sequence, offsets, arena);
    }

    private static Comparator<Storage> order(int end) {
        return Comparator.comparing((Storage s) -> !(s.first == 0 && s.last == end))
                .thenComparing(s -> s.bytes, Comparator.reverseOrder());
    }

    private static long lowest(Storage storage, List<Storage> placed) {
        List<Storage> rivals =
                placed.stream()
                        .filter(storage::livesWith)
                        .sorted(Comparator.comparingLong(s -> s.offset))
                        .toList();
        long offset = 0;
        for (Storage rival : rivals) {
            if (offset + storage.bytes <= rival.offset) {
                break;
            }
            offset = Math.max(offset, Storage.align(rival.end()));
        }
        return offset;
    }
}
