package dev.partita.runtime.state;

/// A file of a checkpoint as its index knows it.
///
/// @param bytes its size
/// @param crc32c its [Checksum]
record StoredFile(long bytes, String crc32c) {}
