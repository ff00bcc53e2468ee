package dev.partita.compiler.cost;

import dev.partita.dsl.problem.NearMiss;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.tensor.Dtype;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;

/// What a device can do, and the links that it usually comes with.
///
/// @param memoryBytes of the device
/// @param flops by floating type, floating-point operations per second of matrix units
/// @param bytesPerSecond between the device and its memory
/// @param multiprocessors that share a contraction's tiles among them
/// @param efficiency what part of its peaks it reaches
/// @param cores that all devices of a node share, if it is a CPU; 0 if each computes by itself
/// @param inside link between devices of one node
/// @param between link between nodes, of one device
public record DeviceSpec(
        String name,
        long memoryBytes,
        Map<Dtype, Double> flops,
        double bytesPerSecond,
        int multiprocessors,
        Efficiency efficiency,
        int cores,
        Link inside,
        Link between) {
    /// Names of the devices there is a file of.
    public static final List<String> NAMES = List.of("a100-80gb", "h100-80gb", "h200");

    public DeviceSpec {
        flops = Map.copyOf(flops);
    }

    /// The device of this name.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `InvalidArgument`, with the near miss
    public static DeviceSpec named(String name) {
        if (!NAMES.contains(name)) {
            throw Problem.of(
                            ProblemCode.INVALID_ARGUMENT,
                            "There is no description of a device \"" + name + "\".")
                    .fix(NearMiss.fix(name, NAMES, "device"))
                    .exception();
        }
        return read(name);
    }

    private static DeviceSpec read(String name) {
        var properties = new Properties();
        try (InputStream in = DeviceSpec.class.getResourceAsStream(name + ".properties")) {
            if (in == null) {
                throw new IllegalStateException("the description of " + name + " is not packed");
            }
            properties.load(in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Map<Dtype, Double> flops = new EnumMap<>(Dtype.class);
        for (Dtype dtype : List.of(Dtype.F64, Dtype.F32, Dtype.BF16, Dtype.F16)) {
            flops.put(dtype, number(properties, dtype + "-flops"));
        }
        return new DeviceSpec(
                name,
                (long) number(properties, "memory-bytes"),
                flops,
                number(properties, "memory-bytes-per-second"),
                (int) number(properties, "multiprocessors"),
                new Efficiency(
                        number(properties, "reached-contraction"),
                        number(properties, "tile"),
                        number(properties, "fill"),
                        number(properties, "reached-attention"),
                        number(properties, "score-bytes"),
                        number(properties, "reached-memory"),
                        number(properties, "start-seconds")),
                (int) number(properties, "cores"),
                link(properties, "inside"),
                link(properties, "between"));
    }

    private static Link link(Properties properties, String place) {
        return new Link(
                number(properties, place + "-latency-seconds"),
                number(properties, place + "-bytes-per-second")
                        * number(properties, place + "-reached"));
    }

    private static double number(Properties properties, String key) {
        return Double.parseDouble(properties.getProperty(key).strip());
    }

    /// Floating-point operations per second of matrix units on numbers of this type.
    public double peak(Dtype dtype) {
        return flops.getOrDefault(dtype, flops.getOrDefault(Dtype.F32, 0.0));
    }
}
