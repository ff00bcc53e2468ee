package dev.partita.runtime.train;

import dev.partita.compiler.Compilation;
import dev.partita.compiler.CompileOptions;
import dev.partita.compiler.Compiler;
import dev.partita.compiler.assemble.Assembler;
import dev.partita.compiler.memory.PackArena;
import dev.partita.compiler.partition.LocalGraph;
import dev.partita.compiler.partition.Partitioner;
import dev.partita.compiler.plan.ExecutionPlan;
import dev.partita.compiler.plan.Program;
import dev.partita.compiler.schedule.Overlap;
import dev.partita.compiler.schedule.SplitRoles;
import dev.partita.compiler.verify.PlanVerifier;
import dev.partita.dsl.layer.Model;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.problem.ProblemException;
import dev.partita.kernels.KernelLibrary;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/// A plan with a mistake in it, made on purpose between two passes of the compiler or in one
/// device's program, beside the right one.
record SeededMistake(Compilation right, Compilation wrong) {
    /// Compiles as the compiler does, but what the partitioner made goes through `mistake`.
    static SeededMistake afterPartition(
            Model model, CompileOptions options, UnaryOperator<LocalGraph> mistake) {
        Compilation right = Compiler.compile(model, options.keepingGradients());
        LocalGraph local = mistake.apply(Partitioner.run(right.sharded()));
        return new SeededMistake(
                right,
                with(right, Assembler.run(PackArena.run(SplitRoles.run(Overlap.run(local))))));
    }

    /// A plan of which one device has a program of its own.
    static SeededMistake onRank(
            int rank, Model model, CompileOptions options, UnaryOperator<Program> mistake) {
        Compilation right = Compiler.compile(model, options.keepingGradients());
        Program program = right.plan().program(0);
        List<Integer> programOf = new ArrayList<>(Collections.nCopies(right.plan().devices(), 0));
        programOf.set(rank, 1);
        var plan =
                new ExecutionPlan(
                        right.plan().model(),
                        right.plan().mesh(),
                        List.of(program, mistake.apply(program)),
                        programOf);
        return new SeededMistake(right, with(right, plan));
    }

    private static Compilation with(Compilation right, ExecutionPlan plan) {
        return new Compilation(
                right.model(), right.options(), right.sharded(), plan, right.snapshots());
    }

    /// What the plan's verifier says of it before it runs; empty if only running it shows it.
    Optional<ProblemCode> rejection() {
        try {
            PlanVerifier.verify(wrong.plan());
            return Optional.empty();
        } catch (ProblemException e) {
            return Optional.of(e.problem().code());
        }
    }

    /// Runs it in spite of that.
    Proof proof(KernelLibrary library) {
        return Proof.between(wrong, right.oneDevice(), library, 7, 3);
    }
}
