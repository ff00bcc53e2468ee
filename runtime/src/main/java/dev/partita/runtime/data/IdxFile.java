package dev.partita.runtime.data;

import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.problem.ProblemException;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/// A file of unsigned bytes in the IDX format, gzip-compressed or not: two zero bytes, the type
/// `0x08`, the number of dims, each dim's size as four bytes with the highest first, then the
/// bytes, row-major, and nothing more.
///
/// @see <a href="http://yann.lecun.com/exdb/mnist/">The MNIST database, "The IDX file format"</a>
final class IdxFile {
    private static final int UNSIGNED_BYTE = 8;

    private final List<Integer> sizes;
    private final byte[] bytes;

    private IdxFile(List<Integer> sizes, byte[] bytes) {
        this.sizes = sizes;
        this.bytes = bytes;
    }

    /// Size of each dim.
    List<Integer> sizes() {
        return sizes;
    }

    /// The elements.
    byte[] bytes() {
        return bytes;
    }

    /// @param dims number of dims the file must have
    /// @throws ProblemException `DataFileCorrupt`, naming the byte (of the unpacked file) and what
    ///   was expected there
    static IdxFile read(Path file, int dims) {
        byte[] content = content(file);
        int header = 4 + 4 * dims;
        int[] expected = {0, 0, UNSIGNED_BYTE, dims};
        for (int i = 0; i < header; i++) {
            if (i >= content.length) {
                throw corrupt(file, i, "a header of " + header + " bytes", "the end of the file");
            }
            if (i < expected.length && content[i] != expected[i]) {
                throw corrupt(
                        file,
                        i,
                        expected[i] + " (" + meaning(i) + ")",
                        Byte.toUnsignedInt(content[i]));
            }
        }
        var sizes = new ArrayList<Integer>();
        long elements = 1;
        for (int i = 4; i < header; i += 4) {
            int size = ByteBuffer.wrap(content).getInt(i);
            if (size <= 0) {
                throw corrupt(file, i, "a size of at least 1", Integer.toUnsignedString(size));
            }
            sizes.add(size);
            elements = Math.multiplyExact(elements, size);
        }
        if (content.length - header != elements) {
            throw corrupt(
                    file,
                    Math.min(content.length, header + elements),
                    "%,d bytes after the header".formatted(elements),
                    "%,d".formatted(content.length - header));
        }
        return new IdxFile(sizes, Arrays.copyOfRange(content, header, content.length));
    }

    private static String meaning(int index) {
        return switch (index) {
            case 2 -> "unsigned bytes";
            case 3 -> "the number of dims";
            default -> "every IDX file starts with two zeros";
        };
    }

    private static byte[] content(Path file) {
        var bytes = new ByteArrayOutputStream();
        try (InputStream packed = Files.newInputStream(file);
                InputStream in =
                        file.toString().endsWith(".gz")
                                ? new GZIPInputStream(packed, 1 << 16)
                                : packed) {
            in.transferTo(bytes);
            return bytes.toByteArray();
        } catch (EOFException e) {
            throw corrupt(file, bytes.size(), "more", "the end of the gzip file");
        } catch (ZipException e) {
            throw corrupt(file, bytes.size(), "gzip data", String.valueOf(e.getMessage()));
        } catch (IOException e) {
            throw Problem.of(ProblemCode.DATA_FILE_CORRUPT, "A data file cannot be read.")
                    .fact("file", file)
                    .fact("because", e)
                    .fix("check the file and its permissions")
                    .exception(e);
        }
    }

    /// The Problem of a file that holds something unexpected at a byte.
    static ProblemException corrupt(Path file, long at, Object expected, Object found) {
        return Problem.of(ProblemCode.DATA_FILE_CORRUPT, "A data file is not what its format says.")
                .fact("file", file)
                .fact("byte", at)
                .fact("expected", expected)
                .fact("found", found)
                .fix("fetch the file again")
                .exception();
    }
}
