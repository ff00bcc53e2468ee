package dev.partita.runtime.state;

import com.google.gson.JsonParseException;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonWriter;
import dev.partita.dsl.tensor.Dtype;
import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// The header of a safetensors file: one JSON object with an entry per tensor, and under
/// `__metadata__` texts by name. Entries lie one behind the other and fill the rest of the file.
///
/// @param metadata texts by name
/// @param entries tensors by name
/// @see <a href="https://github.com/huggingface/safetensors#format">The safetensors format</a>
record SafetensorsHeader(Map<String, String> metadata, Map<String, Entry> entries) {
    private static final String METADATA = "__metadata__";

    /// A tensor of the file.
    ///
    /// @param begin its first byte, counted from the end of the header
    /// @param end the byte after its last one
    record Entry(Dtype dtype, List<Long> sizes, long begin, long end) {
        Entry {
            sizes = List.copyOf(sizes);
        }

        /// What an element type of these sizes takes.
        long bytes() {
            long product = dtype.bytes();
            for (long size : sizes) {
                product = Math.multiplyExact(product, size);
            }
            return product;
        }
    }

    /// Text of the JSON object.
    String print() {
        var text = new StringWriter();
        try (var json = new JsonWriter(text)) {
            json.beginObject().name(METADATA).beginObject();
            for (var each : metadata.entrySet()) {
                json.name(each.getKey()).value(each.getValue());
            }
            json.endObject();
            for (var each : entries.entrySet()) {
                Entry entry = each.getValue();
                String dtype = entry.dtype().toString().toUpperCase(Locale.ROOT);
                json.name(each.getKey()).beginObject().name("dtype").value(dtype);
                json.name("shape").beginArray();
                for (long size : entry.sizes()) {
                    json.value(size);
                }
                json.endArray().name("data_offsets").beginArray();
                json.value(entry.begin()).value(entry.end()).endArray().endObject();
            }
            json.endObject();
        } catch (IOException e) {
            throw new AssertionError("a text takes every character", e);
        }
        return text.toString();
    }

    /// Reads the JSON object.
    ///
    /// @param bytes of the file behind the header
    /// @throws IOException with the reason, if it is not a header or does not describe these bytes
    static SafetensorsHeader parse(String text, long bytes) throws IOException {
        Map<String, String> metadata = new LinkedHashMap<>();
        Map<String, Entry> entries = new LinkedHashMap<>();
        try (var json = new JsonReader(new StringReader(text.stripTrailing()))) {
            json.setStrictness(Strictness.STRICT);
            json.beginObject();
            while (json.hasNext()) {
                String name = json.nextName();
                if (name.equals(METADATA)) {
                    json.beginObject();
                    while (json.hasNext()) {
                        metadata.put(json.nextName(), json.nextString());
                    }
                    json.endObject();
                } else if (entries.put(name, entry(json)) != null) {
                    throw new IOException("tensor " + name + " is there twice");
                }
            }
            json.endObject();
        } catch (JsonParseException | IllegalStateException | NumberFormatException e) {
            throw new IOException("its header is no JSON of this kind: " + e.getMessage(), e);
        }
        var header = new SafetensorsHeader(metadata, entries);
        header.requireFilled(bytes);
        return header;
    }

    private static Entry entry(JsonReader json) throws IOException {
        Dtype dtype = Dtype.U8;
        List<Long> sizes = List.of();
        List<Long> offsets = List.of();
        json.beginObject();
        while (json.hasNext()) {
            switch (json.nextName()) {
                case "dtype" -> dtype = dtype(json.nextString());
                case "shape" -> sizes = numbers(json);
                case "data_offsets" -> offsets = numbers(json);
                case String other -> throw new IOException("an entry has a field " + other);
            }
        }
        json.endObject();
        if (offsets.size() != 2) {
            throw new IOException("an entry does not say where its bytes are");
        }
        return new Entry(dtype, sizes, offsets.getFirst(), offsets.getLast());
    }

    private static Dtype dtype(String name) throws IOException {
        try {
            return Dtype.parse(name);
        } catch (IllegalArgumentException e) {
            throw new IOException("it has elements of type " + name, e);
        }
    }

    private static List<Long> numbers(JsonReader json) throws IOException {
        List<Long> numbers = new ArrayList<>();
        json.beginArray();
        while (json.hasNext()) {
            numbers.add(json.nextLong());
        }
        json.endArray();
        return numbers;
    }

    /// Every byte belongs to one entry, and every entry has the bytes of its shape.
    private void requireFilled(long bytes) throws IOException {
        long at = 0;
        List<Map.Entry<String, Entry>> inOrder =
                entries.entrySet().stream()
                        .sorted(Comparator.comparingLong(e -> e.getValue().begin()))
                        .toList();
        for (var each : inOrder) {
            Entry entry = each.getValue();
            boolean negative = entry.sizes().stream().anyMatch(size -> size < 0);
            if (negative || entry.begin() != at || entry.end() - at != exactBytes(entry)) {
                throw new IOException("tensor " + each.getKey() + " is not where it must be");
            }
            at = entry.end();
        }
        if (at != bytes) {
            throw new IOException("its tensors take %,d bytes and it has %,d".formatted(at, bytes));
        }
    }

    private static long exactBytes(Entry entry) throws IOException {
        try {
            return entry.bytes();
        } catch (ArithmeticException e) {
            throw new IOException("a tensor is larger than any file", e);
        }
    }
}
