package dev.partita.compiler.search;

import dev.partita.compiler.pipeline.PipelineAction;
import dev.partita.compiler.pipeline.ScheduleTimes.Timed;
import dev.partita.compiler.plan.Activity;
import dev.partita.compiler.plan.ExecutionPlan;
import dev.partita.compiler.plan.MemoryBytes;
import dev.partita.compiler.plan.MemoryCurve.Moment;
import dev.partita.compiler.plan.Note;
import dev.partita.compiler.plan.Program;
import dev.partita.compiler.plan.Step;
import dev.partita.compiler.plan.Timeline;
import dev.partita.compiler.plan.Timeline.Device;
import dev.partita.compiler.plan.Timeline.Memory;
import dev.partita.compiler.plan.Timeline.Span;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Draws a training step of many micro-batches, action by action.
final class RepeatedTimeline {
    private final RepeatedStep step;
    private final ExecutionPlan two;

    /// Of each stage, the layers it has.
    private final Map<Integer, Layers> layers = new HashMap<>();

    private record Layers(String names, String source) {}

    RepeatedTimeline(RepeatedStep step) {
        this.step = step;
        two = step.two().plan();
    }

    Timeline draw(String name) {
        List<Device> devices = new ArrayList<>();
        for (int program = 0; program < two.programs().size(); program++) {
            devices.add(device(program));
        }
        return new Timeline(name, step.seconds(), devices);
    }

    private Device device(int program) {
        Program code = two.programs().get(program);
        List<Integer> ranks = two.role(program).ranks();
        List<Timed> times = step.times().get(step.placeOf(program));
        List<Double> bytes =
                new RepeatedMemory(code)
                        .inUse(times.stream().map(Timed::action).toList(), step.schedule());
        MemoryBytes rest = step.roles().get(program).memory();
        List<Span> spans = new ArrayList<>();
        List<Memory> memory = new ArrayList<>();
        for (int i = 0; i < times.size(); i++) {
            Timed each = times.get(i);
            double start = step.begin() + each.start();
            spans.add(
                    new Span(
                            Timeline.COMPUTE,
                            activity(each.action(), code),
                            start,
                            step.begin() + each.end()));
            Moment now = moment(i, Math.round(bytes.get(i)), rest);
            if (memory.isEmpty() || memory.getLast().bytes().total() != now.total()) {
                memory.add(new Memory(start, now));
            }
        }
        return new Device(
                two.role(program).toString(), ranks.getFirst(), ranks.size(), spans, memory);
    }

    private static Moment moment(int action, long bytes, MemoryBytes rest) {
        long others = rest.total() - rest.activations();
        return new Moment(
                action,
                rest.weights(),
                rest.optimizer(),
                rest.gradients() - rest.shared(),
                bytes - others,
                rest.buffers(),
                0);
    }

    private Activity activity(PipelineAction action, Program code) {
        Layers of = layers.computeIfAbsent(action.stage(), stage -> layers(stage, code));
        String what =
                switch (action.work()) {
                    case F -> "forward";
                    case B -> "backward";
                    case W -> "gradients of weights";
                };
        return new Activity(-1, what, action.toString(), of.names(), of.source(), "", 0);
    }

    private static Layers layers(int stage, Program code) {
        String forward = PipelineAction.forward(stage, 0).toString();
        List<Note> notes =
                code.steps().stream()
                        .filter(Step.Compute.class::isInstance)
                        .map(Step::note)
                        .filter(note -> note.action().equals(forward) && !note.layer().isEmpty())
                        .toList();
        if (notes.isEmpty()) {
            return new Layers("", "");
        }
        String first = notes.getFirst().layer();
        String last = notes.getLast().layer();
        Optional<Note> known = notes.stream().filter(note -> note.origin().isKnown()).findFirst();
        return new Layers(
                first.equals(last) ? first : first + " to " + last,
                known.map(note -> note.origin().toString()).orElse(""));
    }
}
