package dev.partita.runtime.train;

import static com.google.common.truth.Truth.assertThat;
import static dev.partita.compiler.CompileOptions.on;
import static dev.partita.dsl.layer.Layers.adam;
import static dev.partita.dsl.layer.Layers.attention;
import static dev.partita.dsl.layer.Layers.crossEntropy;
import static dev.partita.dsl.layer.Layers.embedding;
import static dev.partita.dsl.layer.Layers.feedForward;
import static dev.partita.dsl.layer.Layers.layerNorm;
import static dev.partita.dsl.layer.Layers.model;
import static dev.partita.dsl.layer.Layers.positions;
import static dev.partita.dsl.layer.Layers.residual;
import static dev.partita.dsl.layer.Layers.segments;
import static dev.partita.dsl.layer.Layers.tiedTo;
import static dev.partita.dsl.layer.Layers.tokens;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.partita.compiler.CompileOptions;
import dev.partita.compiler.Compiler;
import dev.partita.dsl.layer.Model;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.problem.ProblemException;
import dev.partita.runtime.data.GeneratedText;
import dev.partita.runtime.data.TextSplit;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class TextTrainingTest {
    private static final TextSplit TEXT = GeneratedText.of(1).windows(16);

    private static Model gpt(long vocab) {
        return model("gpt", tokens("sequence", 16, vocab))
                .then(embedding("model", 16).deviation(0.02))
                .then(positions("positions"))
                .then(residual(layerNorm("norm1"), attention("mix", 2).causal()))
                .then(residual(layerNorm("norm2"), feedForward("mlp", 32)))
                .then(layerNorm("norm3"))
                .then(tiedTo("model"))
                .loss(crossEntropy());
    }

    private static Model bert(long vocab) {
        return model("bert", tokens("sequence", 16, vocab))
                .then(embedding("model", 16).deviation(0.02))
                .then(positions("positions"))
                .then(segments("segment", 2))
                .then(residual(attention("mix", 2)))
                .then(layerNorm("norm1"))
                .then(residual(feedForward("mlp", 32)))
                .then(layerNorm("norm2"))
                .then(tiedTo("model"))
                .loss(crossEntropy().ignoring(-100));
    }

    private static Problem problem(Model model, TextSplit text) {
        var training = Words.train(Compiler.compile(model, on(Mesh.ONE_DEVICE).batch(8)), text);
        return assertThrows(ProblemException.class, () -> training.steps(1)).problem();
    }

    private static TrainingRun run(CompileOptions options) {
        var compilation = Compiler.compile(gpt(48), options.batch(8).optimizer(adam(1e-2)));
        return Words.train(compilation, TEXT).steps(60);
    }

    @Test
    void the_loss_falls_alike_on_one_device_and_on_sharded_ones() {
        TrainingRun one = run(on(Mesh.ONE_DEVICE));
        assertThat(one.losses().getFirst()).isWithin(0.3).of(Math.log(48));
        assertThat(one.validationLoss().getAsDouble()).isLessThan(2.8);
        assertThat(one.testAccuracy().isEmpty()).isTrue();
        TrainingRun four =
                run(
                        on(Mesh.of("data", 2).by("tensor", 2))
                                .shard("batch")
                                .over("data")
                                .shard("heads")
                                .over("tensor")
                                .shard("ffn")
                                .over("tensor")
                                .shard("vocab")
                                .over("tensor"));
        assertThat(four.validationLoss().getAsDouble())
                .isWithin(1e-3)
                .of(one.validationLoss().getAsDouble());
    }

    @Test
    void a_model_learns_to_find_hidden_characters_alike_however_it_is_sharded() {
        List<CompileOptions> all =
                List.of(
                        on(Mesh.ONE_DEVICE),
                        on(Mesh.of("data", 2)).shard("batch").over("data").microBatches(2),
                        on(Mesh.of("tensor", 2)).shard("heads").over("tensor"),
                        on(Mesh.of("pipe", 2)).microBatches(2).stages(2).over("pipe"));
        List<Double> losses = new ArrayList<>();
        for (CompileOptions options : all) {
            var plan = Compiler.compile(bert(48), options.batch(8).optimizer(adam(1e-2)));
            losses.add(Words.train(plan, TEXT.hidden()).steps(60).validationLoss().getAsDouble());
        }
        assertThat(losses.getFirst()).isLessThan(3.2);
        for (double loss : losses) {
            assertThat(loss).isWithin(2e-3).of(losses.getFirst());
        }
    }

    @Test
    void a_model_that_sees_the_next_character_does_not_learn_it() {
        Problem problem = problem(bert(48), TEXT);
        assertThat(problem.code()).isEqualTo(ProblemCode.UNSUPPORTED);
        assertThat(problem.print()).contains("attention:");
        assertThat(problem.fix()).contains(".causal()");
        assertThat(problem.fix()).contains(".hidden()");
    }

    @Test
    void what_is_not_hidden_must_not_count() {
        Problem problem = problem(gpt(48), TEXT.hidden());
        assertThat(problem.code()).isEqualTo(ProblemCode.UNSUPPORTED);
        assertThat(problem.fix()).isEqualTo("crossEntropy().ignoring(-100)");
    }

    @Test
    void a_text_has_two_segments_and_needs_a_vector_for_each() {
        Model one =
                model("one", tokens("sequence", 16, 48))
                        .then(embedding("model", 8))
                        .then(segments("segment", 1))
                        .then(tiedTo("model"))
                        .loss(crossEntropy());
        assertThat(problem(one, TEXT).code()).isEqualTo(ProblemCode.SHAPE_MISMATCH);
    }

    @Test
    void a_text_of_more_characters_than_the_model_has_tokens_is_a_problem() {
        var compilation = Compiler.compile(gpt(8), on(Mesh.ONE_DEVICE).batch(8));
        var problem =
                assertThrows(ProblemException.class, () -> Words.train(compilation, TEXT).steps(1));
        assertThat(problem.problem().code()).isEqualTo(ProblemCode.LABEL_OUT_OF_RANGE);
    }
}
