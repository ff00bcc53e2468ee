package dev.partita.compiler.processor;

import dev.partita.compiler.Compilation;
import dev.partita.compiler.CompileOptions;
import dev.partita.compiler.OptionsSpelling;
import dev.partita.compiler.plan.MemoryBytes;
import dev.partita.compiler.plan.PlanDescription;
import dev.partita.compiler.plan.PlanDescription.CollectiveDescription;
import dev.partita.dsl.graph.Node;
import dev.partita.dsl.graph.Op;
import java.util.LinkedHashMap;
import java.util.Map;

/// What a plan does, for a person who reads the difference between two versions of it: nothing in
/// it depends on the lines of a source or the numbers of values.
///
/// ```
/// conv-net on mesh[data=2, tensor=2]
///   all: 4 devices, 18,549,180 bytes each, 1,442,692 sent a step
///     weights 1, gradients 2, optimizer 3, activations 4, buffers 5
/// weights
///   hidden.weight f32[hidden=256, flat=1600] [{tensor}, {}]
/// collectives
///   all-reduce data, 5,120 bytes, because sum{data} meets add-bias, ConvNet.hidden @Linear
/// ```
final class PlanText {
    private PlanText() {}

    /// @param options of the whole step
    static String of(CheckedPlan checked, CompileOptions options) {
        Compilation compilation = checked.compilation();
        PlanDescription plan = PlanDescription.of(compilation.plan());
        var text = new StringBuilder("%s on %s\n".formatted(plan.model(), plan.mesh()));
        checked.roles()
                .forEach(r -> text.append(of(r.role(), r.devices(), r.sentBytes(), r.memory())));
        if (checked.roles().isEmpty()) {
            plan.roles()
                    .forEach(r ->
                            text.append(of(r.role(), r.devices(), r.sentBytes(), r.memoryBytes())));
        }
        text.append("asked by\n");
        OptionsSpelling.of(options, "mesh")
                .lines()
                .skip(1)
                .forEach(line -> text.append("  ").append(line).append('\n'));
        text.append("weights\n");
        for (Node node : compilation.sharded().training().graph().nodes()) {
            if (node.op() instanceof Op.Parameter parameter) {
                text.append(
                        "  %s %s %s\n"
                                .formatted(
                                        parameter.name(),
                                        node.result().type(),
                                        compilation.sharded().placement(node.result())));
            }
        }
        text.append(
                checked.roles().isEmpty() ? "collectives\n" : "collectives of two micro-batches\n");
        Map<String, Integer> times = new LinkedHashMap<>();
        plan.collectives().forEach(each -> times.merge(of(each), 1, Integer::sum));
        times.forEach((line, count) ->
                text.append("  ")
                        .append(line)
                        .append(count == 1 ? "" : ", " + count + " times")
                        .append('\n'));
        return text.toString();
    }

    private static String of(String role, int devices, long sent, MemoryBytes memory) {
        return """
          %s: %s, %,d bytes each, %,d sent a step
            weights %,d, gradients %,d, optimizer %,d, activations %,d, buffers %,d
        """
                .formatted(
                        role,
                        devices + (devices == 1 ? " device" : " devices"),
                        memory.total(),
                        sent,
                        memory.weights(),
                        memory.gradients(),
                        memory.optimizer(),
                        memory.activations(),
                        memory.buffers());
    }

    private static String of(CollectiveDescription each) {
        String because = each.because().replaceFirst("^.* because ", "").replaceAll("%\\d+ ?", "");
        String source = each.source().isEmpty() ? "" : ", " + each.source();
        return "%s %s, %,d bytes, because %s%s"
                .formatted(each.kind(), each.axis(), each.bytes(), because.strip(), source);
    }
}
