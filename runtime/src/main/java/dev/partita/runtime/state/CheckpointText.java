package dev.partita.runtime.state;

import java.nio.file.Path;
import java.util.Locale;

/// A checkpoint for a person to read.
///
/// @param folder where it lies
record CheckpointText(Path folder, CheckpointIndex index) {
    private static final int LINE = 80;

    /// In one line of at most 80 characters.
    String line() {
        BestTest best = index.best();
        String text =
                "checkpoint of %s after %,d steps%s, %s on %s"
                        .formatted(
                                index.model().name(),
                                index.training().step(),
                                best == null
                                        ? ""
                                        : String.format(
                                                Locale.ROOT, ", best test %.4f", best.measure()),
                                files(),
                                index.strategy().mesh());
        return text.length() <= LINE ? text : text.substring(0, LINE - 1) + "…";
    }

    private String files() {
        int count = index.files().size();
        return count == 1 ? "1 file" : count + " files";
    }

    /// All that is known of the training, then a line per tensor: its role, its type and its
    /// blocks.
    String table() {
        TrainingPoint point = index.training();
        var text = new StringBuilder(line()).append('\n');
        fact(text, "folder", folder);
        fact(text, "trained on", point.data());
        fact(text, "next batch", "epoch " + (point.epoch() + 1) + ", example " + point.offset());
        fact(text, "batch", point.batch());
        fact(text, "seed", point.seed());
        fact(text, "optimizer", point.optimizer());
        fact(text, "precision", index.strategy().precision());
        index.strategy().asked().forEach(asked -> fact(text, "placed by", asked));
        int width = index.tensors().keySet().stream().mapToInt(String::length).max().orElse(0);
        index.tensors()
                .forEach((name, tensor) -> {
                    String role = tensor.role().name().toLowerCase(Locale.ROOT);
                    int count = tensor.blocks().size();
                    String blocks = count == 1 ? "" : "  in " + count + " blocks";
                    String row = "  %-9s  %-" + width + "s  %s%s\n";
                    text.append(row.formatted(role, name, tensor.type(), blocks));
                });
        return text.toString();
    }

    private static void fact(StringBuilder text, String name, Object value) {
        text.append("  %-10s  %s\n".formatted(name, value));
    }
}
