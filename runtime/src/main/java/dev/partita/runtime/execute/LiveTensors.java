package dev.partita.runtime.execute;

import dev.partita.compiler.plan.Binding;
import dev.partita.compiler.plan.ExecutionPlan;
import dev.partita.compiler.plan.Program;
import dev.partita.compiler.plan.Slot;
import dev.partita.compiler.plan.SlotLives;
import dev.partita.compiler.plan.Step;
import dev.partita.dsl.problem.NearMiss;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.kernels.Buffer;
import dev.partita.runtime.state.HostTensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.IntFunction;

/// The tensors that a device holds between two of its steps, complete and yet to be needed. They
/// are read when they are asked for, so before the device moves on.
public final class LiveTensors {
    private final ExecutionPlan plan;
    private final int rank;
    private final Program program;
    private final int done;
    private final List<Slot> slots;
    private final IntFunction<Buffer> buffers;
    private final Map<Integer, String> names = new HashMap<>();
    private final Map<Integer, Step> madeBy = new HashMap<>();

    private LiveTensors(ExecutionPlan plan, int rank, int done, IntFunction<Buffer> buffers) {
        this.plan = plan;
        this.rank = rank;
        this.done = done;
        this.buffers = buffers;
        program = plan.program(rank);
        slots = SlotLives.of(program).readable(done);
        program.bindings().forEach(this::name);
        Map<Integer, Step.Start> started = new HashMap<>();
        for (Step step : program.steps().subList(0, done)) {
            switch (step) {
                case Step.Compute compute -> compute.writes().forEach(s -> madeBy.put(s, step));
                case Step.Start start -> started.put(start.tag(), start);
                case Step.Finish finish -> {
                    Step.Start start = started.get(finish.tag());
                    if (start != null) {
                        start.targets().forEach(s -> madeBy.put(s, start));
                    }
                }
                case Step.RequireFinite _ -> {}
            }
        }
    }

    /// What a device holds that has done its first `done` steps.
    static LiveTensors of(ExecutionPlan plan, int rank, int done, IntFunction<Buffer> buffers) {
        return new LiveTensors(plan, rank, done, buffers);
    }

    private void name(Binding binding) {
        names.put(binding.slot(), binding.name());
    }

    /// The slots of all of them.
    public List<Slot> slots() {
        return slots;
    }

    /// Those that the last step has made.
    List<Slot> completed() {
        return slots.stream().filter(slot -> made(slot) == done - 1).toList();
    }

    private int made(Slot slot) {
        Step step = madeBy.get(slot.id());
        boolean sent = step instanceof Step.Start;
        return step == null ? -1 : sent ? finish((Step.Start) step) : step.id();
    }

    private int finish(Step.Start start) {
        return program.steps().stream()
                .filter(step -> step instanceof Step.Finish f && f.tag() == start.tag())
                .mapToInt(Step::id)
                .findFirst()
                .orElse(-1);
    }

    /// A copy of one of them, by the name of a binding, by a layer for what it made last, or by a
    /// slot such as `s17`.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `InvalidArgument`, with the near miss
    public LiveTensor tensor(String name) {
        Slot found = null;
        for (Slot slot : slots) {
            boolean called = words(slot).contains(name);
            if (called && (found == null || made(slot) >= made(found))) {
                found = slot;
            }
        }
        if (found == null) {
            Set<String> known = new LinkedHashSet<>();
            slots.forEach(slot -> known.add(words(slot).getFirst()));
            throw Problem.of(
                            ProblemCode.INVALID_ARGUMENT,
                            "Rank " + rank + " holds no tensor \"" + name + "\" now.")
                    .fix(NearMiss.fix(name, List.copyOf(known), "tensor"))
                    .exception();
        }
        return copied(found);
    }

    private List<String> words(Slot slot) {
        List<String> words = new ArrayList<>();
        String bound = names.get(slot.id());
        if (bound != null) {
            words.add(bound);
        }
        Step step = madeBy.get(slot.id());
        if (step != null && !step.note().layer().isEmpty()) {
            words.add(step.note().layer());
        }
        words.add("s" + slot.id());
        return words;
    }

    private LiveTensor copied(Slot slot) {
        Buffer buffer = buffers.apply(slot.id());
        HostTensor copy = HostTensor.zeros(buffer.type());
        copy.memory().copyFrom(buffer.memory());
        return new LiveTensor(rank, slot, String.join(", ", words(slot)), how(slot), copy);
    }

    private String how(Slot slot) {
        return switch (madeBy.get(slot.id())) {
            case null -> "from before the step";
            case Step.Compute compute -> compute.op().toString();
            case Step.Start start -> start.op().toString();
            case Step.Finish _, Step.RequireFinite _ -> "";
        };
    }

    /// Writes [#describe] to standard output.
    public void print() {
        System.out.print(describe());
    }

    /// A line for each: slot, name, type, and what made it.
    public String describe() {
        var text = new StringBuilder();
        for (Slot slot : slots) {
            List<String> words = words(slot);
            String name = words.size() == 1 ? "" : words.getFirst();
            text.append(
                    "  %-6s %-28s %s  %s%n"
                            .formatted("s" + slot.id(), name, slot.type(), how(slot)));
        }
        return text.toString();
    }

    /// In one line of at most 80 characters.
    @Override
    public String toString() {
        long bytes = slots.stream().mapToLong(slot -> slot.type().bytes()).sum();
        return "%d live tensors of rank %d on %s, %,d bytes"
                .formatted(slots.size(), rank, plan.mesh(), bytes);
    }
}
