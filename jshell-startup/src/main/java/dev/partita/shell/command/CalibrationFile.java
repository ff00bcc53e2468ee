package dev.partita.shell.command;

import com.sun.management.OperatingSystemMXBean;
import dev.partita.compiler.cost.DeviceSpec;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.shell.bench.Calibration;
import dev.partita.shell.draw.Screen;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;

/// Where the description of this machine goes.
final class CalibrationFile {
    private static final String ENDING = ".properties";

    private final Screen screen;

    CalibrationFile(Screen screen) {
        this.screen = screen;
    }

    /// Measures this machine and describes it in a file.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `InvalidArgument`, `OutputNotWritten`
    void write(Path place) {
        String file = place.getFileName().toString();
        if (!file.endsWith(ENDING)) {
            throw Problem.of(
                            ProblemCode.INVALID_ARGUMENT,
                            "The description of a device is a file that ends in .properties.")
                    .fact("given", place)
                    .fix("--calibrate this-machine.properties")
                    .exception();
        }
        JsonFile target = JsonFile.at(place);
        var system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        String name = file.substring(0, file.length() - ENDING.length());
        DeviceSpec device = Calibration.measure(name, system.getTotalMemorySize());
        String text = heading() + device.text();
        target.writeText(text);
        screen.out().print(text);
        screen.out().println("written to " + place + ": partita plan … --gpu " + place);
    }

    private static String heading() {
        Findings.Cpu cpu = Findings.ofThisMachine().cpu();
        return """
        # A virtual device on %s, one thread; %d cores are shared by all devices, and so is the memory.
        # Measured by partita bench --calibrate on %s: peaks by one matmul and one copy, the rest by a training step
        # of a GPT (4 layers, width 256, 4 examples of 256 tokens, f32) and by steps of devices that wait for each other.
        """
                .formatted(cpu.model(), cpu.cores(), LocalDate.now(ZoneOffset.UTC));
    }
}
