package dev.partita.runtime.state;

import static com.google.common.truth.Truth.assertThat;
import static com.google.common.truth.Truth.assertWithMessage;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.partita.dsl.tensor.Region;
import dev.partita.dsl.tensor.Shape;
import dev.partita.dsl.tensor.TensorType;
import dev.partita.kernels.Buffer;
import dev.partita.runtime.state.NamedBlock.Role;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class SafetensorsTest {
    @TempDir private Path folder;

    /// The right half of a matrix, and a scalar.
    private static List<NamedBlock> blocks() {
        Shape whole = TensorType.parse("f32[rows=2, columns=4]").shape();
        HostTensor half =
                HostTensor.generate(TensorType.parse("f32[rows=2, columns=2]"), i -> i + 0.5);
        HostTensor count = HostTensor.generate(TensorType.parse("i64[]"), _ -> 7);
        return List.of(
                new NamedBlock(
                        "w",
                        Role.PARAMETER,
                        new Buffer(half.type(), Region.at(whole, 0L, 2L), half.memory())),
                new NamedBlock("n", Role.STATE, Buffer.whole(count.type(), count.memory())));
    }

    private Path write() throws IOException {
        Path file = folder.resolve("a.safetensors");
        Files.deleteIfExists(file);
        Safetensors.write(file, blocks(), Map.of("format", "test"));
        return file;
    }

    @Test
    void a_file_is_a_length_a_header_and_the_elements_with_the_widest_first() throws IOException {
        ByteBuffer file =
                ByteBuffer.wrap(Files.readAllBytes(write())).order(ByteOrder.LITTLE_ENDIAN);
        int length = Math.toIntExact(file.getLong(0));
        var header = new String(file.array(), 8, length, StandardCharsets.UTF_8);
        assertThat(header.strip())
                .isEqualTo(
                        "{\"__metadata__\":{\"format\":\"test\",\"n\":\"i64[];;\","
                                + "\"w\":\"f32[rows=2, columns=4];0,2;2,2\"},"
                                + "\"n\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[0,8]},"
                                + "\"w\":{\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[8,24]}}");
        assertThat((8 + length) % 64).isEqualTo(0);
        assertThat(file.capacity()).isEqualTo(8 + length + 24);
        assertThat(file.getLong(8 + length)).isEqualTo(7);
        assertThat(file.getFloat(8 + length + 8 + 4)).isEqualTo(1.5f);
    }

    @Test
    void what_is_written_is_read() throws IOException {
        byte[] file = Files.readAllBytes(write());
        var contents = Safetensors.read(MemorySegment.ofArray(file));
        assertThat(contents.keySet()).containsExactly("n", "w");
        for (NamedBlock block : blocks()) {
            var content = contents.get(block.name());
            assertThat(content == null ? -1 : content.memory().mismatch(block.buffer().memory()))
                    .isEqualTo(-1);
        }
    }

    /// The same file read by another program: numpy and fifteen lines of Python.
    @Test
    void another_program_reads_what_is_written() throws IOException, InterruptedException {
        String program =
                """
                import json, struct, sys
                import numpy
                with open(sys.argv[1], 'rb') as f:
                    n = struct.unpack('<Q', f.read(8))[0]
                    header = json.loads(f.read(n))
                    data = f.read()
                types = {'F32': '<f4', 'I64': '<i8'}
                for name, e in header.items():
                    if name != '__metadata__':
                        a, b = e['data_offsets']
                        t = numpy.frombuffer(data[a:b], types[e['dtype']]).reshape(e['shape'])
                        print(name, t.shape, t.tolist())
                """;
        try {
            assumeTrue(run("import numpy").exit() == 0, "numpy is not here");
        } catch (IOException e) {
            assumeTrue(false, "Python is not here");
        }
        Outcome outcome = run(program, write().toString());
        assertWithMessage("%s", outcome).that(outcome.exit()).isEqualTo(0);
        assertThat(outcome.text()).isEqualTo("n () 7\nw (2, 2) [[0.5, 1.5], [2.5, 3.5]]\n");
    }

    private record Outcome(int exit, String text) {}

    private static Outcome run(String program, String... arguments)
            throws IOException, InterruptedException {
        var command = new ArrayList<>(List.of("python3", "-c", program));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        var text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Outcome(process.waitFor(), text);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{",
                "[]",
                "{} x",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}",
                "{\"a\":{\"dtype\":\"F33\",\"shape\":[2],\"data_offsets\":[0,8]}}",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[-2],\"data_offsets\":[0,8]}}",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,8]}}",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[2]}}",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[2.5],\"data_offsets\":[0,8]}}",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
                        + "\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
                        + "\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8],\"more\":1}}",
                "{\"__metadata__\":{\"a\":{}}}",
            })
    void a_header_that_does_not_describe_the_eight_bytes_behind_it_is_refused(String header) {
        byte[] text = header.getBytes(StandardCharsets.UTF_8);
        ByteBuffer file = ByteBuffer.allocate(8 + text.length + 8).order(ByteOrder.LITTLE_ENDIAN);
        file.putLong(text.length).put(text);
        assertThrows(
                IOException.class, () -> Safetensors.read(MemorySegment.ofArray(file.array())));
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 17, 1L << 40, -1, Long.MIN_VALUE})
    void a_length_that_is_not_that_of_the_header_is_refused(long length) {
        ByteBuffer file = ByteBuffer.allocate(24).order(ByteOrder.LITTLE_ENDIAN);
        file.putLong(length).put("{}              ".getBytes(StandardCharsets.UTF_8));
        assertThrows(
                IOException.class, () -> Safetensors.read(MemorySegment.ofArray(file.array())));
    }

    @Test
    void a_file_shorter_than_its_header_is_refused() {
        for (int bytes = 0; bytes < 8; bytes++) {
            MemorySegment file = MemorySegment.ofArray(new byte[bytes]);
            assertThrows(IOException.class, () -> Safetensors.read(file));
        }
    }
}
