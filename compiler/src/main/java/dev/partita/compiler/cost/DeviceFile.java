package dev.partita.compiler.cost;

import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.tensor.Dtype;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;

/// The file that describes a device: a number for each name, in base units.
final class DeviceFile {
    static final String ENDING = ".properties";

    private static final List<Dtype> FLOATING =
            List.of(Dtype.F64, Dtype.F32, Dtype.BF16, Dtype.F16);

    private final String name;
    private final Properties properties = new Properties();

    private DeviceFile(String name, String text) {
        this.name = name;
        try {
            properties.load(new StringReader(text));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// The device of this name that is packed.
    static DeviceSpec packed(String name) {
        try (InputStream in = DeviceFile.class.getResourceAsStream(name + ENDING)) {
            if (in == null) {
                throw new IllegalStateException("the description of " + name + " is not packed");
            }
            String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            return new DeviceFile(name, text).device();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// A device that somebody has described.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `DataFileMissing`, `DataFileCorrupt`
    static DeviceSpec read(Path file) {
        String name = file.getFileName().toString();
        try {
            return new DeviceFile(
                            name.substring(0, name.length() - ENDING.length()),
                            Files.readString(file))
                    .device();
        } catch (NoSuchFileException e) {
            throw Problem.of(
                            ProblemCode.DATA_FILE_MISSING,
                            "There is no description of a device at " + file + ".")
                    .fix("partita bench --calibrate " + file + " measures this machine")
                    .exception(e);
        } catch (IOException e) {
            throw Problem.of(ProblemCode.DATA_FILE_CORRUPT, file + " cannot be read.")
                    .fact("reason", e)
                    .fix("partita bench --calibrate " + file)
                    .exception(e);
        }
    }

    private DeviceSpec device() {
        Map<Dtype, Double> flops = new EnumMap<>(Dtype.class);
        for (Dtype dtype : FLOATING) {
            flops.put(dtype, number(dtype + "-flops"));
        }
        return new DeviceSpec(
                name,
                (long) number("memory-bytes"),
                flops,
                number("memory-bytes-per-second"),
                (int) number("multiprocessors"),
                new Efficiency(
                        number("reached-contraction"),
                        number("tile"),
                        number("fill"),
                        number("reached-attention"),
                        number("score-bytes"),
                        number("reached-memory"),
                        number("start-seconds")),
                (int) number("cores"),
                link("inside"),
                link("between"));
    }

    private Link link(String place) {
        return new Link(
                number(place + "-latency-seconds"),
                number(place + "-bytes-per-second") * number(place + "-reached"));
    }

    private double number(String key) {
        String text = properties.getProperty(key, "").strip();
        try {
            return Double.parseDouble(text);
        } catch (NumberFormatException e) {
            throw Problem.of(
                            ProblemCode.DATA_FILE_CORRUPT,
                            "The description of " + name + " has no number for " + key + ".")
                    .fact("given", text.isEmpty() ? "nothing" : text)
                    .fix("a line such as " + key + " = 1e9")
                    .exception(e);
        }
    }

    /// What [#read] reads.
    static String text(DeviceSpec device) {
        var text = new StringBuilder();
        line(text, "memory-bytes", (double) device.memoryBytes());
        for (Dtype dtype : FLOATING) {
            line(text, dtype + "-flops", device.peak(dtype));
        }
        line(text, "memory-bytes-per-second", device.bytesPerSecond());
        line(text, "multiprocessors", device.multiprocessors());
        Efficiency efficiency = device.efficiency();
        line(text, "reached-contraction", efficiency.contraction());
        line(text, "tile", efficiency.tile());
        line(text, "fill", efficiency.fill());
        line(text, "reached-attention", efficiency.attention());
        line(text, "score-bytes", efficiency.scoreBytes());
        line(text, "reached-memory", efficiency.memory());
        line(text, "start-seconds", efficiency.startSeconds());
        line(text, "cores", device.cores());
        link(text, "inside", device.inside());
        link(text, "between", device.between());
        return text.toString();
    }

    private static void link(StringBuilder text, String place, Link link) {
        line(text, place + "-bytes-per-second", link.bytesPerSecond());
        line(text, place + "-reached", 1);
        line(text, place + "-latency-seconds", link.latencySeconds());
    }

    private static void line(StringBuilder text, String key, double value) {
        boolean whole = value == Math.rint(value) && Math.abs(value) < 1e15;
        text.append(key).append(" = ");
        text.append(
                whole ? Long.toString((long) value) : String.format(Locale.ROOT, "%.4g", value));
        text.append('\n');
    }
}
