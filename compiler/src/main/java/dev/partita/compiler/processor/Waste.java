package dev.partita.compiler.processor;

import dev.partita.compiler.Compilation;
import dev.partita.compiler.CompileOptions;
import dev.partita.compiler.StageRequest;
import dev.partita.compiler.ZeroRequest;
import dev.partita.compiler.pipeline.Durations;
import dev.partita.compiler.pipeline.PipelineSchedule;
import dev.partita.compiler.pipeline.ScheduleStyle;
import dev.partita.compiler.pipeline.ScheduleTimes;
import dev.partita.compiler.pipeline.Schedules;
import dev.partita.compiler.plan.ExecutionPlan.PlannedCollective;
import dev.partita.dsl.graph.Node;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Reshard;
import dev.partita.dsl.mesh.DimSharding;
import dev.partita.dsl.mesh.Placement;
import dev.partita.dsl.problem.Origin;
import dev.partita.dsl.problem.ProblemException;
import dev.partita.dsl.tensor.TensorType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What a plan that is right takes much of for little: told as a warning, where it was asked for.
///
/// @param what its name: `PipelineBubble`
/// @param facts by name
/// @param fix a way out
record Waste(String what, String sentence, Map<String, String> facts, String fix, Origin origin) {
    /// Of a pipeline's time, the part in which its devices may wait without a warning.
    private static final double BUBBLE = 0.3;

    /// Of a device's memory, the part that one replicated tensor may take without a warning.
    private static final double REPLICATED = 0.1;

    /// Everything of a plan that is wasteful.
    ///
    /// @param options of the whole step
    static List<Waste> of(Compilation plan, CompileOptions options) {
        List<Waste> found = new ArrayList<>();
        options.zero().flatMap(zero -> gathered(plan, zero, options)).ifPresent(found::add);
        found.addAll(replicated(plan, options));
        options.stageRequest().flatMap(request -> bubble(request, options)).ifPresent(found::add);
        return found;
    }

    /// Weights that are split over devices but gathered so often that a step moves more bytes than
    /// the device has saved by it, moments and gradients included.
    private static Optional<Waste> gathered(
            Compilation plan, ZeroRequest zero, CompileOptions options) {
        long gathered = 0;
        for (PlannedCollective each : plan.plan().collectives()) {
            if (each.start().op() instanceof Reshard.AllGather gather
                    && gather.axes().stream().anyMatch(a -> zero.axes().contains(a.name()))) {
                gathered += bytes(each, each.start().targets()) - each.bytes();
            }
        }
        gathered = gathered * options.microBatches() / plan.options().microBatches();
        long saved = 0;
        int parts = plan.options().mesh().size(zero.axes());
        for (Node node : weights(plan)) {
            long whole = node.result().type().bytes();
            // moments from stage 1 on, gradients from 2, weights from 3
            long copies = options.optimizer().states().size() + zero.stage() - 1L;
            saved += whole * copies / parts * (parts - 1);
        }
        return gathered <= saved
                ? Optional.empty()
                : Optional.of(
                        new Waste(
                                "WeightsGatheredOften",
                                "Gathering weights moves more in a step than splitting them saves.",
                                facts(
                                        "gathered",
                                        "%,d bytes a step".formatted(gathered),
                                        "saved",
                                        "%,d bytes of a device's memory".formatted(saved),
                                        "micro-batches",
                                        String.valueOf(options.microBatches())),
                                "zero stage 1 or 2, which gather once a step, or fewer micro-batches",
                                zero.origin()));
    }

    private static long bytes(PlannedCollective each, List<Integer> slots) {
        return slots.stream().mapToLong(slot -> each.program().slot(slot).type().bytes()).sum();
    }

    private static List<Node> weights(Compilation plan) {
        return plan.sharded().training().graph().nodesOf(Op.Parameter.class).toList();
    }

    /// Weights that every device holds whole though they take much of the memory that was said.
    private static List<Waste> replicated(Compilation plan, CompileOptions options) {
        if (options.memory().isEmpty() || plan.plan().devices() == 1) {
            return List.of();
        }
        long memory = options.memory().get().bytes();
        List<Waste> found = new ArrayList<>();
        for (Node node : weights(plan)) {
            TensorType type = node.result().type();
            Placement placement = plan.sharded().placement(node.result());
            boolean whole =
                    placement.at().isEmpty()
                            && placement.dims().stream().allMatch(DimSharding::isWhole);
            if (whole && type.bytes() > REPLICATED * memory) {
                found.add(
                        new Waste(
                                "LargeTensorReplicated",
                                "Every device holds all of a large weight.",
                                facts(
                                        "weight",
                                        ((Op.Parameter) node.op()).name() + " " + type,
                                        "takes",
                                        "%,d bytes, %.0f %% of %,d"
                                                .formatted(
                                                        type.bytes(),
                                                        100.0 * type.bytes() / memory,
                                                        memory)),
                                "shard one of its dims over an axis of the mesh, or zero stage 3",
                                node.origin()));
            }
        }
        return found;
    }

    /// A pipeline whose devices wait for a third of the time or more, if forward takes as long as
    /// each half of backward.
    private static Optional<Waste> bubble(StageRequest request, CompileOptions options) {
        PipelineSchedule schedule = request.schedule(options);
        double bubble = bubble(schedule);
        if (bubble <= BUBBLE) {
            return Optional.empty();
        }
        Map<String, String> facts =
                facts(
                        "bubble",
                        percent(bubble),
                        "micro-batches",
                        String.valueOf(options.microBatches()));
        int devices = schedule.devices().size();
        int microBatches = schedule.microBatches();
        for (ScheduleStyle style : Schedules.STYLES) {
            double other = bubble(style, devices, microBatches, schedule.chunks());
            if (other < bubble) {
                facts.put("schedule \"" + style.name() + "\"", percent(other));
            }
        }
        int more = 2 * microBatches;
        while (more < 64 * devices && bubble(request.style(), devices, more, 0) > BUBBLE) {
            more *= 2;
        }
        facts.put(more + " micro-batches", percent(bubble(request.style(), devices, more, 0)));
        return Optional.of(
                new Waste(
                        "PipelineBubble",
                        "Devices of the pipeline wait for much of the time.",
                        facts,
                        more + " micro-batches, or another schedule",
                        request.origin()));
    }

    private static double bubble(PipelineSchedule schedule) {
        return ScheduleTimes.of(schedule, new Durations(1, 1, 1, 0)).bubbleRate();
    }

    /// The bubble of a schedule in another style; all of the time where there is none.
    private static double bubble(ScheduleStyle style, int devices, int microBatches, int chunks) {
        try {
            return bubble(
                    Schedules.of(style, devices, microBatches, style.chunks() == 0 ? chunks : 0));
        } catch (ProblemException none) {
            return 1;
        }
    }

    private static String percent(double part) {
        return "%.0f %%".formatted(100 * part);
    }

    private static Map<String, String> facts(String... namesAndValues) {
        Map<String, String> facts = new LinkedHashMap<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            facts.put(namesAndValues[i], namesAndValues[i + 1]);
        }
        return facts;
    }

    /// As a Problem prints.
    String print() {
        Map<String, String> lines = new LinkedHashMap<>(facts);
        lines.put("try", fix);
        lines.put("quiet", "@SuppressWarnings(\"" + what + "\")");
        int width = lines.keySet().stream().mapToInt(String::length).max().orElse(0);
        var text = new StringBuilder("[" + what + "] " + sentence);
        lines.forEach((name, value) ->
                text.append("\n  ")
                        .append(name)
                        .append(": ")
                        .repeat(" ", width - name.length())
                        .append(value));
        return text.toString();
    }
}
