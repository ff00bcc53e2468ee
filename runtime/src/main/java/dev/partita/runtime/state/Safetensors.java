package dev.partita.runtime.state;

import dev.partita.dsl.tensor.Dim;
import dev.partita.kernels.Buffer;
import dev.partita.runtime.state.SafetensorsHeader.Entry;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Files of tensors in the safetensors format, which many programs read: the length of the header
/// in eight bytes, the lowest first, the [SafetensorsHeader], padded so that what follows is
/// aligned, then the elements, row-major and in the byte order of the machines that this runs on,
/// low bytes first.
final class Safetensors {
    private static final int LENGTH_BYTES = Long.BYTES;
    private static final int ALIGNMENT = 64;

    /// The largest header that other readers take.
    private static final long LARGEST_HEADER = 100_000_000;

    private Safetensors() {}

    /// Writes blocks to a new file; when this returns, the disk has them.
    ///
    /// @param notes texts to stand in the header beside the whole type and the place of each block,
    ///   by which a file explains itself without an index
    static StoredFile write(Path file, List<NamedBlock> blocks, Map<String, String> notes)
            throws IOException {
        List<NamedBlock> ordered =
                blocks.stream()
                        .sorted(
                                Comparator.comparingInt(
                                        (NamedBlock b) -> -b.buffer().type().dtype().bytes()))
                        .toList();
        byte[] header = header(ordered, notes);
        var checksum = new Checksum();
        long bytes = 0;
        try (var channel =
                FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            MemorySegment front = MemorySegment.ofArray(header);
            bytes += write(channel, front, checksum);
            for (NamedBlock block : ordered) {
                bytes += write(channel, block.buffer().memory(), checksum);
            }
            channel.force(true);
        }
        return new StoredFile(bytes, checksum.hex());
    }

    private static long write(FileChannel channel, MemorySegment bytes, Checksum checksum)
            throws IOException {
        for (long at = 0; at < bytes.byteSize(); at += Checksum.PIECE) {
            MemorySegment piece = Checksum.piece(bytes, at);
            checksum.add(piece);
            ByteBuffer buffer = piece.asByteBuffer();
            while (buffer.hasRemaining()) {
                channel.write(buffer);
            }
        }
        return bytes.byteSize();
    }

    private static byte[] header(List<NamedBlock> blocks, Map<String, String> notes) {
        Map<String, String> metadata = new LinkedHashMap<>(notes);
        Map<String, Entry> entries = new LinkedHashMap<>();
        long at = 0;
        for (NamedBlock block : blocks) {
            Buffer buffer = block.buffer();
            List<Long> sizes = buffer.type().shape().dims().stream().map(Dim::size).toList();
            long end = at + buffer.type().bytes();
            entries.put(block.name(), new Entry(buffer.type().dtype(), sizes, at, end));
            metadata.put(block.name(), block.whole() + ";" + BlockPlace.of(buffer));
            at = end;
        }
        byte[] text =
                new SafetensorsHeader(metadata, entries).print().getBytes(StandardCharsets.UTF_8);
        int length = (LENGTH_BYTES + text.length + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        ByteBuffer header = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
        header.putLong(length - LENGTH_BYTES).put(text);
        while (header.hasRemaining()) {
            header.put((byte) ' ');
        }
        return header.array();
    }

    /// The tensors of a file that lies in memory.
    ///
    /// @throws IOException with the reason, if it is not such a file
    static Map<String, Content> read(MemorySegment file) throws IOException {
        if (file.byteSize() < LENGTH_BYTES) {
            throw new IOException("it is shorter than the length of a header");
        }
        ValueLayout.OfLong length =
                ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
        long header = file.get(length, 0);
        long rest = file.byteSize() - LENGTH_BYTES;
        if (header < 2 || header > Math.min(rest, LARGEST_HEADER)) {
            throw new IOException("it says that its header has %,d bytes".formatted(header));
        }
        byte[] text = file.asSlice(LENGTH_BYTES, header).toArray(ValueLayout.JAVA_BYTE);
        MemorySegment data = file.asSlice(LENGTH_BYTES + header);
        Map<String, Content> contents = new LinkedHashMap<>();
        SafetensorsHeader.parse(new String(text, StandardCharsets.UTF_8), data.byteSize())
                .entries()
                .forEach((name, entry) -> contents.put(name, Content.of(entry, data)));
        return contents;
    }

    /// A tensor of a file.
    record Content(Entry entry, MemorySegment memory) {
        private static Content of(Entry entry, MemorySegment data) {
            return new Content(entry, data.asSlice(entry.begin(), entry.end() - entry.begin()));
        }
    }
}
