package dev.partita.compiler.processor;

import dev.partita.compiler.Compilation;
import dev.partita.compiler.CompileOptions;
import dev.partita.compiler.Compiler;
import dev.partita.compiler.StageRequest;
import dev.partita.compiler.pipeline.PipelineSchedule;
import dev.partita.compiler.search.RepeatedRole;
import dev.partita.compiler.search.RepeatedStep;
import dev.partita.dsl.layer.Model;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/// The verified plan of a declaration. Of a pipeline with many micro-batches two are compiled,
/// which is what all others do, and the schedule of all is verified, see [RepeatedStep].
///
/// @param compilation of the step, or of two of its micro-batches
/// @param roles what devices take for all micro-batches, if only two are compiled
record CheckedPlan(Compilation compilation, List<RepeatedRole> roles) {
    /// More micro-batches than this are not written out.
    private static final long WRITTEN_OUT = 8;

    /// Compiles and verifies.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException for everything that is wrong
    static CheckedPlan of(Model model, CompileOptions options) {
        Optional<StageRequest> stages = options.stageRequest();
        return stages.isPresent() && options.microBatches() > WRITTEN_OUT
                ? repeated(model, options, stages.get())
                : new CheckedPlan(Compiler.compile(model, options), List.of());
    }

    private static CheckedPlan repeated(Model model, CompileOptions options, StageRequest request) {
        PipelineSchedule schedule = request.schedule(options);
        Compilation two = Compiler.compile(model, request.ofTwo(options));
        List<RepeatedRole> roles = RepeatedStep.roles(two.plan(), schedule, request.axis());
        RepeatedRole fullest =
                roles.stream()
                        .max(Comparator.comparingLong(role -> role.memory().total()))
                        .orElseThrow();
        options.memory()
                .ifPresent(
                        limit -> limit.require(fullest.memory(), options, _ -> Optional.empty()));
        return new CheckedPlan(two, roles);
    }
}
