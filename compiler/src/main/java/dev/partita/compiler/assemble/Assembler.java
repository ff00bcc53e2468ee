package dev.partita.compiler.assemble;

import dev.partita.compiler.memory.MemoryPlan;
import dev.partita.compiler.memory.MemoryPlans;
import dev.partita.compiler.partition.LocalGraph;
import dev.partita.compiler.plan.Binding;
import dev.partita.compiler.plan.ExecutionPlan;
import dev.partita.compiler.plan.Note;
import dev.partita.compiler.plan.Program;
import dev.partita.compiler.plan.Slot;
import dev.partita.compiler.plan.Step;
import dev.partita.compiler.schedule.Action;
import dev.partita.dsl.graph.Node;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Reshard;
import dev.partita.dsl.graph.Value;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Writes the plan down, a program for each role: values become slots, actions become steps, named
/// leaves and outputs become bindings.
public final class Assembler {
    private final MemoryPlan memory;
    private final LocalGraph local;
    private final List<Slot> slots = new ArrayList<>();
    private final Map<Value, Integer> slotOf = new HashMap<>();
    private final List<Binding> bindings = new ArrayList<>();
    private final List<Step> steps = new ArrayList<>();
    private final List<String> words;

    /// The number of the entry that is being written down.
    private int entry;

    private Assembler(MemoryPlan memory, Map<Value, String> pipelineActions) {
        this.memory = memory;
        this.words = PipelineActions.of(memory.sequence(), pipelineActions);
        this.local = memory.sequence().local();
    }

    /// Writes the plan of all devices, of which no pipeline's schedule is known.
    public static ExecutionPlan run(MemoryPlans memory) {
        return run(memory, Map.of());
    }

    /// Writes the plan of all devices.
    ///
    /// @param pipelineActions for values of the undivided graph, which action of a schedule
    ///   computes them
    public static ExecutionPlan run(MemoryPlans memory, Map<Value, String> pipelineActions) {
        LocalGraph local = memory.roles().getFirst().sequence().local();
        List<Program> programs = new ArrayList<>();
        List<Integer> programOf = new ArrayList<>(Collections.nCopies(local.mesh().devices(), 0));
        for (MemoryPlan each : memory.roles()) {
            each.sequence().role().ranks().forEach(rank -> programOf.set(rank, programs.size()));
            programs.add(new Assembler(each, pipelineActions).assemble());
        }
        return new ExecutionPlan(local.graph().name(), local.mesh(), programs, programOf);
    }

    private Program assemble() {
        for (Action action : memory.sequence().actions()) {
            switch (action) {
                case Action.Run(Node node) -> run(node);
                case Action.Start start -> start(start);
                case Action.Finish finish ->
                        steps.add(new Step.Finish(steps.size(), finish.tag(), note(finish.node())));
            }
            entry++;
        }
        memory.sequence()
                .outputs()
                .forEach((name, value) -> bindings.add(new Binding.Output(name, slot(value))));
        return new Program(memory.arenaBytes(), slots, bindings, steps);
    }

    private void run(Node node) {
        switch (node.op()) {
            case Op.Input input ->
                    bindings.add(new Binding.Input(input.name(), slot(node.result())));
            case Op.Parameter p ->
                    bindings.add(
                            new Binding.Parameter(p.name(), slot(node.result()), p.initializer()));
            case Op.State state ->
                    bindings.add(
                            new Binding.State(state.name(), slot(node.result()), state.initial()));
            case Op.RequireFinite(String what) ->
                    steps.add(
                            new Step.RequireFinite(
                                    steps.size(),
                                    slot(node.operands().getFirst()),
                                    slots(node.operands().subList(1, node.operands().size())),
                                    what,
                                    note(node)));
            case Op op ->
                    steps.add(
                            new Step.Compute(
                                    steps.size(),
                                    op,
                                    slots(node.operands()),
                                    slots(node.results()),
                                    note(node)));
        }
    }

    private void start(Action.Start start) {
        if (start.node().op() instanceof Reshard.Collective collective) {
            steps.add(
                    new Step.Start(
                            steps.size(),
                            start.tag(),
                            collective,
                            slots(start.reads()),
                            slots(start.writes()),
                            note(start.node())));
        }
    }

    private Note note(Node node) {
        String because = "";
        for (Value result : node.results()) {
            because = because.isEmpty() ? local.reasons().getOrDefault(result, "") : because;
        }
        if (node.results().size() > 1 && !because.isEmpty()) {
            because += " (and " + (node.results().size() - 1) + " more)";
        }
        return new Note(node.layer(), node.origin(), because, words.get(entry));
    }

    private List<Integer> slots(List<Value> values) {
        return values.stream().map(this::slot).toList();
    }

    private int slot(Value value) {
        return slotOf.computeIfAbsent(
                value,
                v -> {
                    LocalGraph.Block block = local.block(v);
                    int id = slots.size();
                    slots.add(
                            new Slot(
                                    id,
                                    memory.offset(v),
                                    v.type(),
                                    block.whole().type(),
                                    block.placement(),
                                    block.use()));
                    return id;
                });
    }
}
