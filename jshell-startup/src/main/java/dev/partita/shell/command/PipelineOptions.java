package dev.partita.shell.command;

import dev.partita.compiler.CompileOptions;
import dev.partita.compiler.StageRequest;
import dev.partita.compiler.pipeline.PipelineSchedule;
import dev.partita.dsl.mesh.Axis;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// How a model is cut into the stages of a pipeline.
final class PipelineOptions {
    private static final String USUAL_AXIS = "pipe";

    @Option(
            names = "--stages",
            paramLabel = "N",
            description = {
                "Cuts the model into stages on N devices each with about equal work.",
                "Default: as many as the mesh has along --stage-axis."
            })
    private @Nullable Integer stages;

    @Option(
            names = "--stage-axis",
            paramLabel = "AXIS",
            description = "The axis along which stages lie. Default: " + USUAL_AXIS + ".")
    private String axis = USUAL_AXIS;

    @Option(
            names = "--schedule",
            paramLabel = "NAME",
            description = {
                "In which order stages work on --micro-batches: sequential, gpipe, 1f1b, interleaved,",
                "zb-h1, zb-h2, zb-v, dualpipe-v, or a file with a line of actions for each device,",
                "such as 0F0 0F1 0B0 0B1. Default: 1f1b."
            })
    private @Nullable String schedule;

    @Option(
            names = "--chunks",
            paramLabel = "V",
            description = "Stages per device. Default: 2 for zb-v and dualpipe-v, otherwise 1.")
    private @Nullable Integer chunks;

    /// The mesh with the axis of the stages; one that `--stages` asks for is the outermost.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `InvalidArgument` if there are two sizes,
    ///   or none
    Mesh mesh(Mesh given) {
        if (stages == null || stages == 1) {
            return given;
        }
        if (stages < 1) {
            throw Problem.of(ProblemCode.INVALID_ARGUMENT, "A model has at least one stage.")
                    .fact("--stages", stages)
                    .fix("--stages 2, or leave it out")
                    .exception();
        }
        if (!given.has(axis)) {
            List<Axis> axes = new ArrayList<>(given.axes());
            axes.addFirst(new Axis(axis, stages));
            return new Mesh(axes);
        }
        if (given.size(axis) != stages) {
            throw Problem.of(
                            ProblemCode.INVALID_ARGUMENT,
                            "Stages lie along an axis of as many devices.")
                    .fact("--stages", stages)
                    .fact("mesh", given)
                    .fix("--stages " + given.size(axis) + ", or leave it out")
                    .exception();
        }
        return given;
    }

    /// True for the axis along which stages lie.
    boolean isStages(String name) {
        return name.equals(axis);
    }

    /// Cuts the model, if the mesh has the axis for it.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `InvalidArgument` for a schedule without
    ///   stages
    CompileOptions cut(CompileOptions options) {
        Mesh mesh = options.mesh();
        if (!mesh.has(axis)) {
            if (schedule != null || chunks != null) {
                throw Problem.of(
                                ProblemCode.INVALID_ARGUMENT,
                                "A schedule orders stages, and there are none.")
                        .fact("mesh", mesh)
                        .fix("--stages 2, or a mesh with " + axis + "=2")
                        .exception();
            }
            return options;
        }
        int devices = mesh.size(axis);
        String style = schedule == null ? "1f1b" : schedule;
        int microBatches = Math.toIntExact(options.microBatches());
        PipelineSchedule order =
                ScheduleArgument.read(
                        style, devices, microBatches, Optional.ofNullable(chunks).orElse(0));
        StageRequest.Words words = options.stages(order.stages());
        words = ScheduleArgument.isName(style) ? words.schedule(style) : words.schedule(order);
        return words.over(axis);
    }
}
