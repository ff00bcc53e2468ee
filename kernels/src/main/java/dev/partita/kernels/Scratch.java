package dev.partita.kernels;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Memory that a kernel needs only while it runs. The kernels of one thread run one after the
/// other, so they share it: the n-th piece of a kernel is the n-th piece of all others that need
/// about as much. It is freed with the last of them.
final class Scratch implements AutoCloseable {
    private static final ThreadLocal<Map<Place, Piece>> PIECES =
            ThreadLocal.withInitial(HashMap::new);

    private final Map<Place, Piece> pieces = PIECES.get();
    private final List<Place> taken = new ArrayList<>();

    /// @param number among the pieces of a kernel
    /// @param bytes a power of two
    private record Place(int number, long bytes) {}

    private static final class Piece {
        final Arena arena = Arena.ofShared();
        final MemorySegment memory;
        int users;

        Piece(long bytes) {
            memory = arena.allocate(bytes, 64);
        }
    }

    /// Memory of this size that no other piece of this kernel shares.
    MemorySegment take(long bytes) {
        var place = new Place(taken.size(), Long.highestOneBit(Math.max(64, 2 * bytes - 1)));
        Piece piece = pieces.computeIfAbsent(place, p -> new Piece(p.bytes()));
        piece.users++;
        taken.add(place);
        return piece.memory.asSlice(0, bytes);
    }

    /// Size of the pieces taken, in bytes.
    long bytes() {
        return taken.stream().mapToLong(Place::bytes).sum();
    }

    /// Gives the pieces back.
    @Override
    public void close() {
        for (Place place : taken) {
            Piece piece = pieces.get(place);
            if (piece != null && --piece.users == 0) {
                pieces.remove(place);
                piece.arena.close();
            }
        }
        taken.clear();
    }
}
