package dev.partita.compiler.plan;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// What a span of a timeline is spent on.
///
/// @param step of the device's program, or -1 for what is several of its steps
/// @param what the op as the plan prints it
/// @param action what of a pipeline's schedule it is part of, such as `1F0`; empty if nothing
/// @param layer of the model, or empty
/// @param source the user's line, or empty
/// @param because why the compiler inserted it, or empty
/// @param bytes that a collective brings or gets, whichever is more; of a computation what it
///   writes
public record Activity(
        int step,
        String what,
        String action,
        String layer,
        String source,
        String because,
        long bytes) {
    /// The activity of each step of a program; to finish a collective is to wait for it.
    public static List<Activity> of(Program program) {
        Map<Integer, Step.Start> started = new HashMap<>();
        List<Activity> activities = new ArrayList<>();
        for (Step step : program.steps()) {
            activities.add(
                    switch (step) {
                        case Step.Compute compute ->
                                of(
                                        step,
                                        compute.op().toString(),
                                        step.note(),
                                        bytes(program, compute.writes()));
                        case Step.Start start -> {
                            started.put(start.tag(), start);
                            yield of(
                                    step,
                                    start.op().toString(),
                                    step.note(),
                                    moved(program, start));
                        }
                        case Step.Finish finish -> {
                            Step.Start start = started.get(finish.tag());
                            yield start == null
                                    ? of(step, finish.toString(), step.note(), 0)
                                    : of(
                                            step,
                                            start.op().toString(),
                                            start.note(),
                                            moved(program, start));
                        }
                        case Step.RequireFinite require ->
                                of(step, "require-finite " + require.what(), step.note(), 0);
                    });
        }
        return List.copyOf(activities);
    }

    private static Activity of(Step step, String what, Note note, long bytes) {
        return new Activity(
                step.id(),
                what,
                note.action(),
                note.layer(),
                note.origin().toString(),
                note.because(),
                bytes);
    }

    private static long moved(Program program, Step.Start start) {
        return Math.max(bytes(program, start.sources()), bytes(program, start.targets()));
    }

    private static long bytes(Program program, List<Integer> slots) {
        return slots.stream().mapToLong(slot -> program.slot(slot).type().bytes()).sum();
    }
}
