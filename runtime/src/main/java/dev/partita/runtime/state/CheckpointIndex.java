package dev.partita.runtime.state;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.Strictness;
import dev.partita.dsl.problem.ProblemException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// `index.json`: what a checkpoint holds and where. Its second line is the checksum of its text
/// with eight zeros in that place.
///
/// @param best the best test, if there was one
/// @param vocabulary the characters that tokens are, in order, if it was trained on text
/// @param tensors by name
/// @param files by name
record CheckpointIndex(
        String crc32c,
        String format,
        int version,
        StoredModel model,
        StoredStrategy strategy,
        TrainingPoint training,
        @Nullable BestTest best,
        @Nullable String vocabulary,
        Map<String, StoredTensor> tensors,
        Map<String, StoredFile> files) {
    static final String FILE = "index.json";
    static final String FORMAT = "partita checkpoint";
    static final int VERSION = 1;

    private static final String UNKNOWN_CHECKSUM = "00000000";
    private static final String CHECKSUM = "\"crc32c\": \"%s\"";
    private static final Gson GSON =
            new GsonBuilder()
                    .setPrettyPrinting()
                    .disableHtmlEscaping()
                    .setStrictness(Strictness.STRICT)
                    .create();

    CheckpointIndex {
        Objects.requireNonNull(model);
        Objects.requireNonNull(strategy);
        Objects.requireNonNull(training);
        tensors = Collections.unmodifiableMap(new LinkedHashMap<>(tensors));
        files = Collections.unmodifiableMap(new LinkedHashMap<>(files));
    }

    /// The index of these tensors in these files.
    static CheckpointIndex of(
            TrainingState state, Map<String, StoredTensor> tensors, Map<String, StoredFile> files) {
        return new CheckpointIndex(
                UNKNOWN_CHECKSUM,
                FORMAT,
                VERSION,
                state.model(),
                state.strategy(),
                state.point(),
                state.best().orElse(null),
                state.vocabulary().orElse(null),
                tensors,
                files);
    }

    /// As text, checksum included.
    String print() {
        String text = GSON.toJson(this) + "\n";
        return withChecksum(text, crc32c, checksum(text));
    }

    private static String withChecksum(String text, String before, String after) {
        String found = CHECKSUM.formatted(before);
        int at = text.indexOf(found);
        return at < 0
                ? text
                : text.substring(0, at)
                        + CHECKSUM.formatted(after)
                        + text.substring(at + found.length());
    }

    private static String checksum(String text) {
        return Checksum.of(text.getBytes(StandardCharsets.UTF_8));
    }

    /// Reads and checks the index of the checkpoint in `folder`.
    ///
    /// @throws ProblemException `CheckpointCorrupt`, or `Unsupported` if another version wrote it
    static CheckpointIndex read(Path folder) {
        Path file = folder.resolve(FILE);
        try {
            String text = Files.readString(file);
            JsonElement json = JsonParser.parseString(text);
            if (!json.isJsonObject()) {
                throw new IOException("it is no JSON object");
            }
            requireVersion(file, json.getAsJsonObject());
            requireChecksum(text, json.getAsJsonObject());
            CheckpointIndex index = GSON.fromJson(text, CheckpointIndex.class);
            index.requireComplete();
            return index;
        } catch (ProblemException e) {
            throw e;
        } catch (IOException | RuntimeException e) {
            throw CheckpointProblems.corrupt(file, e);
        }
    }

    private static void requireVersion(Path file, JsonObject json) throws IOException {
        JsonElement format = json.get("format");
        JsonElement version = json.get("version");
        if (format == null || version == null || !format.getAsString().equals(FORMAT)) {
            throw new IOException("it is not the index of a " + FORMAT);
        }
        if (version.getAsInt() != VERSION) {
            throw CheckpointProblems.otherVersion(file, version.getAsInt());
        }
    }

    private static void requireChecksum(String text, JsonObject json) throws IOException {
        JsonElement stored = json.get("crc32c");
        String found = stored == null ? "" : stored.getAsString();
        if (!checksum(withChecksum(text, found, UNKNOWN_CHECKSUM)).equals(found)) {
            throw new IOException("its checksum is not that of its text");
        }
    }

    private void requireComplete() throws IOException {
        for (var each : tensors.entrySet()) {
            if (!each.getValue().isComplete()) {
                throw new IOException("not all of tensor " + each.getKey() + " is there once");
            }
            for (StoredTensor.Block block : each.getValue().blocks()) {
                if (!files.containsKey(block.file())) {
                    throw new IOException("file " + block.file() + " is not listed");
                }
            }
        }
    }
}
