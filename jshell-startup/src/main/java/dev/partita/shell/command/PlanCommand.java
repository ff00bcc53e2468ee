package dev.partita.shell.command;

import dev.partita.compiler.Compilation;
import dev.partita.compiler.plan.MemoryBytes;
import dev.partita.compiler.plan.PlanDescription;
import dev.partita.compiler.plan.PlanDescription.CollectiveDescription;
import dev.partita.compiler.plan.PlanDescription.RoleDescription;
import dev.partita.dsl.problem.NearMiss;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.shell.draw.Screen;
import dev.partita.shell.draw.Table;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `partita plan`: compiles only, for any number of devices.
@Command(
        name = "plan",
        description =
                "Compiles a model for any number of devices and prints what each of them does.")
final class PlanCommand implements Callable<Integer> {
    private static final List<String> FORMATS = List.of("text", "json");

    @Mixin private ModelArgument model = new ModelArgument();
    @Mixin private StrategyOptions strategy = new StrategyOptions();
    @Mixin private JsonOption json = new JsonOption();

    @Option(
            names = "--format",
            paramLabel = "FORMAT",
            description = "text or json, to the terminal. Default: ${DEFAULT-VALUE}.")
    private String format = "text";

    private final Screen screen;

    PlanCommand(Screen screen) {
        this.screen = screen;
    }

    /// What `--json` writes: the plan as data. There is one stage, so no bubble.
    private record Result(
            String model,
            String mesh,
            int devices,
            int steps,
            List<CollectiveDescription> collectives,
            List<Long> peakBytesPerDevice,
            MemoryBytes memoryBytes,
            List<RoleDescription> roles,
            double bubbleFraction) {}

    @Override
    public Integer call() {
        requireFormat();
        Optional<JsonFile> file = json.file();
        Compilation compilation = strategy.compile(model.model(), "", Long.MAX_VALUE);
        PlanDescription plan = PlanDescription.of(compilation.plan());
        var result =
                new Result(
                        plan.model(),
                        plan.mesh(),
                        plan.devices(),
                        plan.steps(),
                        plan.collectives(),
                        plan.peakBytesPerDevice(),
                        plan.memoryBytes(),
                        plan.roles(),
                        0);
        if (format.equals("json")) {
            screen.out().println(JsonFile.text(result));
        } else {
            if (compilation.options().precision().isMixed()) {
                screen.out().print(compilation.policy());
            }
            screen.out().print(memory(plan.memoryBytes()).print());
            screen.out().print(compilation.plan().print());
        }
        file.ifPresent(each -> each.write(result));
        return 0;
    }

    private static Table memory(MemoryBytes memory) {
        var table = Table.of("memory of the fullest device", "bytes");
        row(table, "weights", memory.weights());
        row(table, "gradients", memory.gradients());
        row(table, "optimizer", memory.optimizer());
        row(table, "activations", memory.activations());
        row(table, "buffers", memory.buffers());
        if (memory.shared() > 0) {
            row(table, "gradients where copies of weights lay", -memory.shared());
        }
        row(table, "total", memory.total());
        return table;
    }

    private static void row(Table table, String what, long bytes) {
        table.row(what, "%,d".formatted(bytes));
    }

    private void requireFormat() {
        if (!FORMATS.contains(format)) {
            boolean later = format.equals("html") || format.equals("trace");
            throw Problem.of(
                            later ? ProblemCode.UNSUPPORTED : ProblemCode.INVALID_ARGUMENT,
                            "A plan is not written as \"" + format + "\"" + (later ? " yet." : "."))
                    .fix(NearMiss.fix(format, FORMATS, "format"))
                    .exception();
        }
    }
}
