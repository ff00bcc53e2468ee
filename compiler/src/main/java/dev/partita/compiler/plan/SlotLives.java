package dev.partita.compiler.plan;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// When the slots of a program hold something, counted in its steps. What is kept from step to step
/// is always alive, an input from the beginning, an output until the end; what a collective brings
/// or gets is in use until its [Step.Finish].
public final class SlotLives {
    private final Program program;
    private final int[] first;
    private final int[] last;
    private final int[] complete;

    private SlotLives(Program program) {
        this.program = program;
        first = new int[program.slots().size()];
        last = new int[program.slots().size()];
        complete = new int[program.slots().size()];
        Arrays.fill(first, Integer.MAX_VALUE);
        Arrays.fill(last, -1);
        Arrays.fill(complete, Integer.MAX_VALUE);
        Map<Integer, Step.Start> started = new HashMap<>();
        for (Step step : program.steps()) {
            switch (step) {
                case Step.Compute compute -> {
                    use(compute.reads(), step.id());
                    write(compute.writes(), step.id());
                }
                case Step.Start start -> {
                    started.put(start.tag(), start);
                    use(start.sources(), step.id());
                    use(start.targets(), step.id());
                }
                case Step.Finish finish -> {
                    Step.Start start = started.get(finish.tag());
                    if (start != null) {
                        use(start.sources(), step.id());
                        write(start.targets(), step.id());
                    }
                }
                case Step.RequireFinite require -> {
                    use(List.of(require.slot()), step.id());
                    use(require.lossScale(), step.id());
                }
            }
        }
        program.bindings().forEach(this::bind);
    }

    /// The lives of a program's slots.
    public static SlotLives of(Program program) {
        return new SlotLives(program);
    }

    private void use(List<Integer> slots, int step) {
        for (int slot : slots) {
            first[slot] = Math.min(first[slot], step);
            last[slot] = Math.max(last[slot], step);
        }
    }

    private void write(List<Integer> slots, int step) {
        use(slots, step);
        for (int slot : slots) {
            complete[slot] = Math.min(complete[slot], step);
        }
    }

    private void bind(Binding binding) {
        int slot = binding.slot();
        int end = program.steps().size();
        switch (binding) {
            case Binding.Input _ -> begin(slot);
            case Binding.Output _ -> last[slot] = end;
            case Binding.Parameter _, Binding.State _ -> {
                begin(slot);
                last[slot] = end;
            }
        }
    }

    private void begin(int slot) {
        first[slot] = 0;
        complete[slot] = -1;
        last[slot] = Math.max(last[slot], 0);
    }

    /// The step with which the life of a slot begins; `Integer.MAX_VALUE` if nothing uses it.
    public int first(int slot) {
        return first[slot];
    }

    /// The last step that needs it; the number of steps if it is read after them.
    public int last(int slot) {
        return last[slot];
    }

    /// True if the memory of a slot is taken while step `step` runs.
    public boolean isAlive(int slot, int step) {
        return first[slot] <= step && step <= last[slot];
    }

    /// The slots with something to be read by a device that has done its first `done` steps, and
    /// has yet to need it: complete, and neither spent nor written over.
    public List<Slot> readable(int done) {
        return program.slots().stream()
                .filter(slot -> complete[slot.id()] < done && last[slot.id()] >= done)
                .toList();
    }
}
