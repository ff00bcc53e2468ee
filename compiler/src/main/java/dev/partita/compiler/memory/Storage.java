package dev.partita.compiler.memory;

/// Memory that one or several values use in turn or as parts, from the first action that writes it
/// to the last that reads it. Before packing, its place in the arena is open.
final class Storage {
    static final long ALIGNMENT = 64;

    long bytes;
    int first;
    int last;
    long offset = -1;

    Storage(long bytes, int first, int last) {
        this.bytes = bytes;
        this.first = first;
        this.last = last;
    }

    /// Appends room for a part and returns where it begins.
    long append(long part) {
        long at = align(bytes);
        bytes = at + part;
        return at;
    }

    void extend(int use) {
        last = Math.max(last, use);
    }

    boolean livesWith(Storage other) {
        return first <= other.last && other.first <= last;
    }

    long end() {
        return offset + bytes;
    }

    static long align(long offset) {
        return (offset + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }
}
