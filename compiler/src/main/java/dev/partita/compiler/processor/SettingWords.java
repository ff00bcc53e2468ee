package dev.partita.compiler.processor;

import dev.partita.compiler.CompileOptions;
import dev.partita.compiler.Precision;
import dev.partita.compiler.Recompute;
import dev.partita.compiler.StageRequest;
import dev.partita.compiler.pipeline.PipelineSchedule;
import dev.partita.dsl.annotation.Batch;
import dev.partita.dsl.annotation.ClipNorm;
import dev.partita.dsl.annotation.DataParallel;
import dev.partita.dsl.annotation.DeviceMemory;
import dev.partita.dsl.annotation.Replicate;
import dev.partita.dsl.annotation.Shard;
import dev.partita.dsl.annotation.SpreadAttention;
import dev.partita.dsl.annotation.Stages;
import dev.partita.dsl.annotation.Zero;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.tensor.Dtype;
import java.lang.annotation.Annotation;
import java.util.List;

/// Which word of [CompileOptions] each annotation of a model's record stands for.
final class SettingWords {
    /// Every annotation that says how a model is placed.
    static final List<Class<? extends Annotation>> SETTINGS =
            List.of(
                    Shard.class,
                    Replicate.class,
                    Batch.class,
                    Zero.class,
                    DataParallel.class,
                    Stages.class,
                    dev.partita.dsl.annotation.Recompute.class,
                    dev.partita.dsl.annotation.Precision.class,
                    DeviceMemory.class,
                    SpreadAttention.class,
                    ClipNorm.class);

    private SettingWords() {}

    /// The options with what an annotation says.
    static CompileOptions said(CompileOptions options, Annotation annotation) {
        return switch (annotation) {
            case Shard s -> {
                var words = options.shard(s.dim());
                words = s.at().length == 0 ? words : words.at(s.at());
                words = s.balanced() ? words.balanced() : words;
                yield words.over(s.over());
            }
            case Replicate r -> options.replicate(r.dim()).at(r.at());
            case Batch b -> options.batch(b.value()).microBatches(b.microBatches());
            case Zero z -> options.zero(z.stage()).over(z.over());
            case DataParallel d -> options.dataParallel().over(d.over());
            case Stages s -> stages(options, s);
            case dev.partita.dsl.annotation.Recompute r -> options.recompute(recompute(r));
            case dev.partita.dsl.annotation.Precision p -> options.precision(precision(p));
            case DeviceMemory m -> options.memory(ByteSize.parse(m.value()));
            case SpreadAttention a ->
                    options.attention(
                            switch (a.value()) {
                                case GATHER -> CompileOptions.gather();
                                case RING -> CompileOptions.ring();
                                case ALL_TO_ALL -> CompileOptions.allToAll();
                            });
            case ClipNorm c -> options.clipNorm(c.value());
            default -> throw new IllegalArgumentException("no setting: " + annotation);
        };
    }

    private static CompileOptions stages(CompileOptions options, Stages s) {
        if (s.begins().length > 0 && s.count() != 0 && s.count() != s.begins().length + 1) {
            throw Problem.of(
                            ProblemCode.INVALID_ARGUMENT,
                            "The stages are counted otherwise than they begin.")
                    .fact("count", s.count())
                    .fact("begins", List.of(s.begins()))
                    .fix("leave the count out: it is " + (s.begins().length + 1))
                    .exception();
        }
        StageRequest.Words words =
                s.begins().length > 0 ? options.stages(s.begins()) : options.stages(s.count());
        words =
                s.order().isEmpty()
                        ? words.schedule(s.schedule())
                        : words.schedule(PipelineSchedule.parse(s.order()));
        return words.over(s.over());
    }

    private static Recompute recompute(dev.partita.dsl.annotation.Recompute r) {
        return switch (r.value()) {
            case NONE -> Recompute.none();
            case FULL -> Recompute.full();
            case SELECTIVE -> Recompute.selective(r.of());
            case WITHIN -> Recompute.within(ByteSize.parse(r.memory()));
        };
    }

    private static Precision precision(dev.partita.dsl.annotation.Precision p) {
        Precision precision = precision(p.value());
        return p.roundGradients() ? precision.roundingGradients() : precision;
    }

    private static Precision precision(Dtype dtype) {
        return switch (dtype) {
            case F32 -> Precision.F32;
            case F64 -> Precision.F64;
            case BF16 -> Precision.BF16;
            case F16 -> Precision.F16;
            case I64, I32, U8 ->
                    throw Problem.of(
                                    ProblemCode.DTYPE_MISMATCH,
                                    "A model computes with floating numbers.")
                            .fact("dtype", dtype)
                            .fix("Dtype.F32, F64, BF16 or F16")
                            .exception();
        };
    }
}
