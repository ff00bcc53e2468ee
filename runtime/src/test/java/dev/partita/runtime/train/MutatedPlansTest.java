package dev.partita.runtime.train;

import static com.google.common.truth.Truth.assertThat;
import static com.google.common.truth.Truth.assertWithMessage;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.partita.compiler.Compilation;
import dev.partita.compiler.CompileOptions;
import dev.partita.compiler.Precision;
import dev.partita.compiler.plan.ExecutionPlan;
import dev.partita.compiler.plan.Program;
import dev.partita.compiler.plan.Slot;
import dev.partita.compiler.plan.Step;
import dev.partita.compiler.verify.PlanVerifier;
import dev.partita.dsl.graph.Reshard;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.problem.ProblemException;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.dsl.tensor.TensorType;
import dev.partita.example.RandomCase;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/// One collective of a random plan is broken, on one device or on all: the plan is rejected before
/// it runs, with ranks and the user's line.
final class MutatedPlansTest {
    private enum Mutation {
        DROPPED,
        DELAYED,
        RENUMBERED,
        OTHER_KIND,
        OTHER_DTYPE
    }

    @Test
    void one_broken_collective_in_each_of_200_plans_is_caught() {
        List<Compilation> compiled =
                LongStream.iterate(0, seed -> seed + 1)
                        .mapToObj(seed -> RandomCase.draw(seed).compile(Precision.F32))
                        .filter(each -> each.plan().devices() > 1)
                        .filter(each -> !each.plan().collectives().isEmpty())
                        .limit(200)
                        .toList();
        assertEveryStrategy(compiled);
        int caught = 0;
        for (int i = 0; i < compiled.size(); i++) {
            ExecutionPlan plan = compiled.get(i).plan();
            PlanVerifier.verify(plan);
            var random = new Random(i);
            List<Integer> ranks = communicating(plan, random);
            Program program = plan.program(ranks.getFirst());
            List<Step.Start> starts = program.collectives().toList();
            Step.Start start = starts.get(random.nextInt(starts.size()));
            for (Mutation mutation : Mutation.values()) {
                Program broken = broken(program, start, mutation);
                List<Integer> one = List.of(ranks.get(random.nextInt(ranks.size())));
                caught += caught(on(plan, broken, one), mutation, start);
                // another number for the last collective of all devices is no mistake
                List<Integer> some = mutation == Mutation.RENUMBERED ? one : ranks;
                caught += caught(on(plan, broken, some), mutation, start);
            }
        }
        assertThat(caught).isEqualTo(200 * 2 * Mutation.values().length);
    }

    private static void assertEveryStrategy(List<Compilation> compiled) {
        var used = new TreeSet<String>();
        for (Compilation each : compiled) {
            CompileOptions options = each.options();
            options.stageRequest().ifPresent(_ -> used.add("stages"));
            options.dataParallelRequest().ifPresent(_ -> used.add("data parallel"));
            options.zero().ifPresent(zero -> used.add("zero " + zero.stage()));
            options.shards().forEach(shard -> used.add(shard.dim()));
            each.plan()
                    .collectives()
                    .forEach(c -> used.add(c.start().op().getClass().getSimpleName()));
        }
        assertThat(used)
                .containsAtLeast(
                        "stages",
                        "data parallel",
                        "zero 1",
                        "zero 2",
                        "zero 3",
                        "batch",
                        "heads",
                        "vocab",
                        "sequence",
                        "expert",
                        "Rotate",
                        "AllToAll",
                        "Send");
    }

    private static int caught(ExecutionPlan plan, Mutation mutation, Step.Start start) {
        var exception =
                assertThrows(
                        ProblemException.class,
                        () -> PlanVerifier.verify(plan),
                        () -> mutation + " " + start + " on " + plan.programOf());
        Problem problem = exception.problem();
        assertWithMessage("%s", problem).that(problem.code()).isEqualTo(ProblemCode.PLAN_REJECTED);
        assertWithMessage("%s", problem)
                .that(problem.origin().toString())
                .matches("Random(Case|Model)\\.java:\\d+");
        assertThat(problem.print()).containsMatch("\\branks?:? +\\d");
        return 1;
    }

    /// The devices of one role that takes part in collectives.
    private static List<Integer> communicating(ExecutionPlan plan, Random random) {
        List<List<Integer>> roles =
                IntStream.range(0, plan.programs().size())
                        .filter(i -> plan.programs().get(i).collectives().findAny().isPresent())
                        .mapToObj(i -> plan.role(i).ranks())
                        .toList();
        return roles.get(random.nextInt(roles.size()));
    }

    private static ExecutionPlan on(ExecutionPlan plan, Program broken, List<Integer> ranks) {
        List<Program> programs = new ArrayList<>(plan.programs());
        List<Integer> programOf = new ArrayList<>(plan.programOf());
        ranks.forEach(rank -> programOf.set(rank, programs.size()));
        programs.add(broken);
        return new ExecutionPlan(plan.model(), plan.mesh(), programs, programOf);
    }

    private static Program broken(Program program, Step.Start start, Mutation mutation) {
        List<Step> steps = new ArrayList<>(program.steps());
        int at = steps.indexOf(start);
        int end = finish(steps, start.tag());
        switch (mutation) {
            case DROPPED -> {
                steps.remove(end);
                steps.remove(at);
            }
            // who only brings something may wait as late as it likes, if it waits
            case DELAYED -> {
                Step finish = steps.remove(end);
                if (!start.targets().isEmpty()) {
                    steps.add(finish);
                }
            }
            case RENUMBERED -> {
                int tag = start.tag() + 1_000;
                steps.set(at, start(start, tag, start.op()));
                steps.set(end, new Step.Finish(end, tag, start.note()));
            }
            case OTHER_KIND -> steps.set(at, start(start, start.tag(), other(start.op())));
            case OTHER_DTYPE -> {
                List<Slot> slots = new ArrayList<>(program.slots());
                List<Integer> own = start.sources().isEmpty() ? start.targets() : start.sources();
                Slot slot = slots.get(own.getFirst());
                slots.set(slot.id(), halved(slot));
                return new Program(program.arenaBytes(), slots, program.bindings(), steps);
            }
        }
        return new Program(program.arenaBytes(), program.slots(), program.bindings(), steps);
    }

    private static int finish(List<Step> steps, int tag) {
        for (int i = 0; i < steps.size(); i++) {
            if (steps.get(i) instanceof Step.Finish finish && finish.tag() == tag) {
                return i;
            }
        }
        throw new AssertionError("collective #" + tag + " is never finished");
    }

    private static Step.Start start(Step.Start start, int tag, Reshard.Collective op) {
        return new Step.Start(start.id(), tag, op, start.sources(), start.targets(), start.note());
    }

    private static Reshard.Collective other(Reshard.Collective op) {
        return switch (op) {
            case Reshard.AllReduce(var axes) -> new Reshard.ReduceScatter(axes, 0);
            case Reshard.AllGather(var axes, _) -> new Reshard.AllReduce(axes);
            case Reshard.ReduceScatter(var axes, _) -> new Reshard.AllReduce(axes);
            case Reshard.AllToAll(var axes, _, _) -> new Reshard.AllReduce(axes);
            case Reshard.Rotate(var axes, _) -> new Reshard.AllReduce(axes);
            case Reshard.Broadcast(var axes, int _) -> new Reshard.AllReduce(axes);
            case Reshard.Reduce(var axes, int _) -> new Reshard.AllReduce(axes);
            case Reshard.Scatter(var axes, int root, int _) -> new Reshard.Broadcast(axes, root);
            case Reshard.Gather(var axes, int root, int _) -> new Reshard.Reduce(axes, root);
            case Reshard.Send(var axes, int from, int to) -> new Reshard.Send(axes, to, from);
        };
    }

    private static Slot halved(Slot slot) {
        Dtype half = Dtype.BF16;
        return new Slot(
                slot.id(),
                slot.offset(),
                new TensorType(half, slot.type().shape()),
                new TensorType(half, slot.whole().shape()),
                slot.placement(),
                slot.use());
    }
}
