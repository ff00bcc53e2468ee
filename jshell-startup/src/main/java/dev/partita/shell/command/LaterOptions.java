package dev.partita.shell.command;

import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// Strategies that this version does not have: asking for one is refused, never ignored.
final class LaterOptions {
    @Option(names = "--stages", hidden = true)
    private int stages = 1;

    @Option(names = "--stage-axis", hidden = true)
    private @Nullable String stageAxis;

    @Option(names = "--schedule", hidden = true)
    private @Nullable String schedule;

    @Option(names = "--chunks", hidden = true)
    private int chunks = 1;

    @Option(names = "--device", description = "cpu, the only one in this version.")
    private String device = "cpu";

    void refuse() {
        refuse(stages != 1 || stageAxis != null, "--stages", "shard dims over axes with --shard");
        refuse(
                schedule != null || chunks != 1,
                "--schedule",
                "there is one stage, so nothing to schedule");
        refuse(!device.equals("cpu"), "--device " + device, "--device cpu");
    }

    private static void refuse(boolean asked, String option, String fix) {
        if (asked) {
            throw Problem.of(
                            ProblemCode.UNSUPPORTED, "This version does not do " + option + " yet.")
                    .fact(
                            "strategies",
                            "dims sharded over axes: data parallel, tensor parallel, and both at once; ZeRO over either")
                    .fix(fix)
                    .exception();
        }
    }
}
