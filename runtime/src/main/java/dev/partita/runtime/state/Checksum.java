package dev.partita.runtime.state;

import java.lang.foreign.MemorySegment;
import java.util.zip.CRC32C;

/// CRC-32C, as eight hexadecimal digits, of bytes that may be more than a Java buffer holds.
final class Checksum {
    /// Bytes that are read or written at once.
    static final long PIECE = 1 << 26;

    private final CRC32C crc = new CRC32C();

    static String of(MemorySegment bytes) {
        return new Checksum().add(bytes).hex();
    }

    static String of(byte[] bytes) {
        return of(MemorySegment.ofArray(bytes));
    }

    Checksum add(MemorySegment bytes) {
        for (long at = 0; at < bytes.byteSize(); at += PIECE) {
            crc.update(piece(bytes, at).asByteBuffer());
        }
        return this;
    }

    /// The bytes from `at` on, as many as go at once.
    static MemorySegment piece(MemorySegment bytes, long at) {
        return bytes.asSlice(at, Math.min(PIECE, bytes.byteSize() - at));
    }

    String hex() {
        return "%08x".formatted(crc.getValue());
    }
}
