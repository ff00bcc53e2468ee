package dev.partita.shell.command;

import dev.partita.shell.draw.Screen;
import dev.partita.shell.draw.Table;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/// `partita doctor`: what this machine has, what it lacks, and how to get that.
@Command(
        name = "doctor",
        description =
                "What is here: JDK, cores, vector width, libraries, GPUs, and what is missing.")
final class DoctorCommand implements Callable<Integer> {
    @Mixin private JsonOption json = new JsonOption();

    private final Screen screen;

    DoctorCommand(Screen screen) {
        this.screen = screen;
    }

    @Override
    public Integer call() {
        Optional<JsonFile> file = json.file();
        Findings findings = Findings.ofThisMachine();
        print(findings);
        file.ifPresent(each -> each.write(findings));
        return 0;
    }

    private void print(Findings findings) {
        Findings.Cpu cpu = findings.cpu();
        screen.out().println("JDK      " + findings.jdk());
        screen.out()
                .println(
                        "CPU      %s, %d cores, %d bits per vector, %s"
                                .formatted(
                                        cpu.model(),
                                        cpu.cores(),
                                        cpu.vectorBits(),
                                        cpu.architecture()));
        for (Findings.HalfType half : findings.halfTypes()) {
            screen.out()
                    .println(
                            "%-8s %s: %s"
                                    .formatted(
                                            half.type(),
                                            half.natively() ? "native" : "not native",
                                            half.computedBy()));
        }
        screen.out()
                .println(
                        "memory   %,d MiB for Java's heap at most"
                                .formatted(findings.heapBytes() >> 20));
        screen.out()
                .println(
                        "GPUs     "
                                + (findings.gpus().isEmpty()
                                        ? "none"
                                        : String.join(", ", findings.gpus())));
        screen.out().println();
        var table = Table.of("library", "", "");
        for (Findings.Library library : findings.libraries()) {
            table.row(
                    library.name(),
                    library.available() ? "present" : "absent",
                    library.description());
        }
        screen.out().print(table.print());
        List<Findings.Missing> missing = findings.missing();
        if (!missing.isEmpty()) {
            screen.out().println();
        }
        for (Findings.Missing each : missing) {
            screen.out().println("missing: " + each.what() + "\n    try: " + each.fix());
        }
    }
}
