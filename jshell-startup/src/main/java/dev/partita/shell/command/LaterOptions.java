package dev.partita.shell.command;

import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import picocli.CommandLine.Option;

/// Strategies that this version does not have: asking for one is refused, never ignored.
final class LaterOptions {
    @Option(names = "--device", description = "cpu, the only one in this version.")
    private String device = "cpu";

    void refuse() {
        refuse(!device.equals("cpu"), "--device " + device, "--device cpu");
    }

    private static void refuse(boolean asked, String option, String fix) {
        if (asked) {
            throw Problem.of(
                            ProblemCode.UNSUPPORTED, "This version does not do " + option + " yet.")
                    .fix(fix)
                    .exception();
        }
    }
}
