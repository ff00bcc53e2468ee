package dev.partita.compiler.cost;

import dev.partita.dsl.problem.NearMiss;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.tensor.Dtype;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

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
    public static final List<String> NAMES =
            List.of("a100-80gb", "h100-80gb", "h200", "zen4-2-cores");

    public DeviceSpec {
        flops = Map.copyOf(flops);
    }

    /// The device of this name, or that a `.properties` file describes.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `InvalidArgument`, with the near miss;
    ///   `DataFileMissing` or `DataFileCorrupt` for a file
    public static DeviceSpec named(String name) {
        if (name.endsWith(DeviceFile.ENDING)) {
            return DeviceFile.read(Path.of(name));
        }
        if (!NAMES.contains(name)) {
            throw Problem.of(
                            ProblemCode.INVALID_ARGUMENT,
                            "There is no description of a device \"" + name + "\".")
                    .fix(NearMiss.fix(name, NAMES, "device"))
                    .exception();
        }
        return DeviceFile.packed(name);
    }

    /// The content of a `.properties` file that describes it.
    public String text() {
        return DeviceFile.text(this);
    }

    /// The same with another curve.
    public DeviceSpec with(Efficiency other) {
        return new DeviceSpec(
                name,
                memoryBytes,
                flops,
                bytesPerSecond,
                multiprocessors,
                other,
                cores,
                inside,
                between);
    }

    /// The same with this much memory, of which other programs may have the rest.
    public DeviceSpec memory(long bytes) {
        return new DeviceSpec(
                name,
                bytes,
                flops,
                bytesPerSecond,
                multiprocessors,
                efficiency,
                cores,
                inside,
                between);
    }

    /// Floating-point operations per second of matrix units on numbers of this type.
    public double peak(Dtype dtype) {
        return flops.getOrDefault(dtype, flops.getOrDefault(Dtype.F32, 0.0));
    }
}
