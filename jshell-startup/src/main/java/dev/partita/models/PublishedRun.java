package dev.partita.models;

import dev.partita.compiler.Precision;
import dev.partita.compiler.Recompute;
import dev.partita.compiler.cost.ClusterSpec;
import dev.partita.compiler.cost.DeviceSpec;
import dev.partita.compiler.cost.StoredScores;
import dev.partita.compiler.search.Estimate;
import dev.partita.compiler.search.Strategy;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// A training step that somebody has measured and published; see `published-runs.csv` for where.
///
/// @param figure what is published: `seconds` of a step, `tflops` of a GPU or `mfu`
/// @param calibrates true for the runs that the A100's curve was fitted to
public record PublishedRun(
        String name,
        String source,
        Transformer gpt,
        Strategy strategy,
        long globalBatch,
        StoredScores scores,
        String figure,
        double value,
        boolean calibrates) {
    private static final long VOCABULARY = 51_200;
    private static final long SEQUENCE = 2048;
    private static final int GPUS_PER_NODE = 8;

    /// All runs of the file, in its order.
    public static List<PublishedRun> all() {
        try (InputStream in = PublishedRun.class.getResourceAsStream("published-runs.csv")) {
            if (in == null) {
                throw new IllegalStateException("the published runs are not packed");
            }
            List<String> lines =
                    new String(in.readAllBytes(), StandardCharsets.UTF_8)
                            .lines()
                            .filter(line -> !line.startsWith("#"))
                            .toList();
            List<PublishedRun> runs = new ArrayList<>();
            lines.stream().skip(1).forEach(line -> runs.add(read(line.split(","))));
            return List.copyOf(runs);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static PublishedRun read(String[] cells) {
        long hidden = Long.parseLong(cells[3]);
        int gpus = Integer.parseInt(cells[5]);
        int tensor = Integer.parseInt(cells[6]);
        int pipe = Integer.parseInt(cells[7]);
        int chunks = Integer.parseInt(cells[8]);
        var gpt =
                Transformer.of(
                        Integer.parseInt(cells[2]),
                        hidden,
                        Long.parseLong(cells[4]),
                        4 * hidden,
                        VOCABULARY,
                        SEQUENCE);
        var strategy =
                new Strategy(
                        gpus / tensor / pipe,
                        tensor,
                        pipe,
                        chunks,
                        cells[11].equals("yes"),
                        0,
                        chunks == 1 ? "1f1b" : "interleaved",
                        Long.parseLong(cells[9]),
                        cells[12].equals("full") ? Recompute.full() : Recompute.none(),
                        Precision.BF16);
        return new PublishedRun(
                cells[0],
                cells[1],
                gpt,
                strategy,
                Long.parseLong(cells[10]),
                StoredScores.valueOf(cells[13].toUpperCase(Locale.ROOT)),
                cells[14],
                Double.parseDouble(cells[15]),
                cells[16].equals("yes"));
    }

    /// Seconds of the published step. TFLOP/s and MFU are turned into seconds by the formulas that
    /// they were published with: Narayanan et al. 2021, equation 3, which counts recomputation, and
    /// Korthikanti et al. 2022, equation 7, which does not.
    public double seconds() {
        return switch (figure) {
            case "seconds" -> value;
            case "tflops" -> 96 * layerUnits(16) / (value * 1e12);
            case "mfu" -> 72 * layerUnits(12) / (value * 312e12);
            default -> throw new IllegalStateException("no figure: " + figure);
        };
    }

    /// `B s l h^2 (1 + s / 6 h + V / (part l h))` of a GPU.
    private double layerUnits(double part) {
        double hidden = gpt.hidden();
        double layers = gpt.layers();
        double other = SEQUENCE / 6.0 / hidden + VOCABULARY / part / layers / hidden;
        return globalBatch * SEQUENCE * layers * hidden * hidden * (1 + other) / strategy.devices();
    }

    /// What the simulator says of the same step.
    public Estimate estimate() {
        var cluster = new ClusterSpec(DeviceSpec.named("a100-80gb"), GPUS_PER_NODE, scores);
        return Estimate.of(Gpt.layered(gpt), strategy, globalBatch, cluster);
    }
}
