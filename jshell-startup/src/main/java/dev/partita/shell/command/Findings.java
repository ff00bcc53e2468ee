package dev.partita.shell.command;

import dev.partita.dsl.tensor.Dtype;
import dev.partita.kernels.cpu.OneDnn;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import jdk.incubator.vector.FloatVector;

/// What was found on a machine. Its JSON is what other programs read.
///
/// @param heapBytes what Java's heap may grow to
/// @param halfTypes the types of mixed precision, and how they are computed
/// @param gpus one name per GPU that could compute
record Findings(
        String jdk,
        Cpu cpu,
        long heapBytes,
        List<HalfType> halfTypes,
        List<String> gpus,
        List<Library> libraries,
        List<Missing> missing) {
    private static final Path CPU_INFO = Path.of("/proc/cpuinfo");

    record Cpu(String model, String architecture, int cores, int vectorBits) {}

    /// @param natively true if matrices of half floats are multiplied as they are
    /// @param computedBy the code that does, or the way around
    record HalfType(String type, boolean natively, String computedBy) {}

    record Library(String name, boolean available, String description) {}

    record Missing(String what, String fix) {}

    static Findings ofThisMachine() {
        var libraries = new ArrayList<Library>();
        var missing = new ArrayList<Missing>();
        oneDnn(libraries, missing);
        cuda(libraries, missing);
        return new Findings(
                Runtime.version()
                        + " ("
                        + System.getProperty("java.vendor")
                        + ", "
                        + System.getProperty("java.home")
                        + ")",
                thisCpu(),
                Runtime.getRuntime().maxMemory(),
                Stream.of(Dtype.BF16, Dtype.F16).map(Findings::halfType).toList(),
                List.of(),
                libraries,
                missing);
    }

    private static Cpu thisCpu() {
        return new Cpu(
                model(),
                System.getProperty("os.arch"),
                Runtime.getRuntime().availableProcessors(),
                FloatVector.SPECIES_PREFERRED.vectorBitSize());
    }

    private static HalfType halfType(Dtype half) {
        return OneDnn.code(half)
                .map(code -> new HalfType(half.toString(), true, code))
                .orElseGet(
                        () -> new HalfType(half.toString(), false, "kernels for f32, with casts"));
    }

    /// As Linux names it; elsewhere the JDK knows no more than the architecture.
    private static String model() {
        try (Stream<String> lines = Files.lines(CPU_INFO)) {
            return lines.filter(line -> line.startsWith("model name"))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .findFirst()
                    .orElse("unnamed");
        } catch (IOException e) {
            return "unnamed";
        }
    }

    private static void oneDnn(List<Library> libraries, List<Missing> missing) {
        libraries.add(new Library("oneDNN", OneDnn.available(), OneDnn.describe()));
        if (!OneDnn.available()) {
            missing.add(
                    new Missing(
                            "oneDNN for this platform, so slower kernels in Java serve instead",
                            "Linux, macOS or Windows on x86-64 or ARM64"));
        }
    }

    /// Looks only for the driver: touching a binding of a library that is not there could end the
    /// JVM.
    private static void cuda(List<Library> libraries, List<Missing> missing) {
        boolean driver = hasLibrary("libcuda.so.1");
        libraries.add(
                new Library("CUDA driver", driver, driver ? "libcuda.so.1" : "no libcuda.so.1"));
        missing.add(
                new Missing(
                        driver ? "a runtime for the GPUs of this machine" : "a GPU",
                        "--device cpu: this version computes on the CPU only"));
    }

    @SuppressWarnings(
            "restricted") // loads the library to see that it is there; calls nothing in it
    private static boolean hasLibrary(String file) {
        try (Arena arena = Arena.ofConfined()) {
            SymbolLookup.libraryLookup(file, arena);
            return true;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }
}
