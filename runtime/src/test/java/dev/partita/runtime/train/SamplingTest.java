package dev.partita.runtime.train;

import static com.google.common.truth.Truth.assertThat;
import static dev.partita.compiler.CompileOptions.on;
import static dev.partita.dsl.layer.Layers.adam;
import static dev.partita.dsl.layer.Layers.attention;
import static dev.partita.dsl.layer.Layers.crossEntropy;
import static dev.partita.dsl.layer.Layers.embedding;
import static dev.partita.dsl.layer.Layers.features;
import static dev.partita.dsl.layer.Layers.linear;
import static dev.partita.dsl.layer.Layers.model;
import static dev.partita.dsl.layer.Layers.positions;
import static dev.partita.dsl.layer.Layers.residual;
import static dev.partita.dsl.layer.Layers.tiedTo;
import static dev.partita.dsl.layer.Layers.tokens;
import static dev.partita.runtime.train.Words.restore;
import static dev.partita.runtime.train.Words.sample;
import static dev.partita.runtime.train.Words.train;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.partita.compiler.Compiler;
import dev.partita.dsl.layer.Model;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.problem.ProblemException;
import dev.partita.kernels.KernelLibraries;
import dev.partita.runtime.data.GeneratedDigits;
import dev.partita.runtime.data.TextSplit;
import dev.partita.runtime.data.Vocabulary;
import dev.partita.runtime.execute.Session;
import dev.partita.runtime.execute.SessionOptions;
import dev.partita.runtime.state.HostTensor;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A model that learnt to count writes on.
final class SamplingTest {
    private static final int CONTEXT = 12;

    @TempDir private static Path folder;

    private static Model net() {
        return model("counter", tokens("sequence", CONTEXT, 16))
                .then(embedding("model", 16))
                .then(positions("positions"))
                .then(residual(attention("mix", 2).causal()))
                .then(tiedTo("model"))
                .loss(crossEntropy());
    }

    @BeforeAll
    static void learn() throws Exception {
        Path file = folder.resolve("numbers.txt");
        Files.writeString(file, "0123456789".repeat(200));
        TextSplit text = Words.text(file.toString(), CONTEXT);
        var plan = Compiler.compile(net(), on(Mesh.ONE_DEVICE).batch(8).optimizer(adam(3e-2)));
        train(plan, text).checkpoint(folder.resolve("run").toString()).steps(120);
    }

    private static Sampling sampling() {
        return sample(net(), folder.resolve("run").toString());
    }

    @Test
    void it_writes_on_also_beyond_what_it_reads_at_once() {
        assertThat(sampling().prompt("4").temperature(0.1).text(30))
                .isEqualTo("4567890123456789012345678901234");
        assertThat(sampling().prompt("012345678901234").temperature(0).text(3))
                .isEqualTo("012345678901234567");
    }

    @Test
    void the_same_seed_writes_the_same_text_and_another_one_another() {
        Sampling free = sampling().prompt("0").temperature(5);
        assertThat(free.seed(2).text(40)).isEqualTo(free.seed(2).text(40));
        assertThat(free.seed(2).text(40)).isNotEqualTo(free.seed(3).text(40));
    }

    /// The twin: a whole window for every character, filled with other tokens behind the text.
    @Test
    void what_stands_behind_the_text_is_never_seen() {
        var checkpoint = restore(folder.resolve("run").toString());
        Vocabulary vocabulary = Vocabulary.of(checkpoint.vocabulary().orElseThrow());
        var text = new StringBuilder("7");
        var plan = Compiler.compileForward(net(), on(Mesh.ONE_DEVICE).batch(1)).plan();
        try (var session = Session.open(plan, new SessionOptions(KernelLibraries.reference(), 1))) {
            checkpoint.restoreBest(net(), session.held());
            while (text.length() < CONTEXT) {
                int[] known = vocabulary.encode(text.toString());
                session.feed()
                        .put(
                                "sequence",
                                HostTensor.generate(
                                        session.feed().type("sequence"),
                                        i -> i < known.length ? known[(int) i] : 15 - i % 7));
                session.run();
                HostTensor logits = session.gather("prediction");
                long row = (known.length - 1) * 16L;
                text.append(vocabulary.decode((int) (logits.indexOfMax(row, 10) - row)));
            }
        }
        assertThat(sampling().prompt("7").temperature(0).text(CONTEXT - 1))
                .isEqualTo(text.toString());
    }

    @Test
    void a_prompt_of_unknown_characters_is_a_problem_that_names_them() {
        Problem problem =
                assertThrows(ProblemException.class, () -> sampling().prompt("12ab")).problem();
        assertThat(problem.code()).isEqualTo(ProblemCode.INVALID_ARGUMENT);
        assertThat(problem.print()).contains("never seen: a b");
        assertThrows(ProblemException.class, () -> sampling().prompt(""));
        assertThrows(ProblemException.class, () -> sampling().temperature(Double.NaN));
        assertThrows(ProblemException.class, () -> sampling().text(0));
    }

    @Test
    void only_a_model_and_a_checkpoint_of_text_write() {
        Model digits =
                model("digits", features("pixels", 784))
                        .then(linear("classes", 10))
                        .loss(crossEntropy());
        String run = folder.resolve("digits").toString();
        var plan = Compiler.compile(digits, on(Mesh.ONE_DEVICE).batch(8));
        train(plan, GeneratedDigits.of(1, 16, 8)).checkpoint(run).steps(1);
        assertThat(code(() -> sample(net(), run))).isEqualTo(ProblemCode.CHECKPOINT_MISMATCH);
        assertThat(code(() -> sample(digits, folder.resolve("run").toString())))
                .isEqualTo(ProblemCode.UNSUPPORTED);
    }

    @Test
    void a_model_that_reads_what_comes_later_does_not_write() {
        Model finder =
                model("finder", tokens("sequence", CONTEXT, 16))
                        .then(embedding("model", 16))
                        .then(residual(attention("mix", 2)))
                        .then(tiedTo("model"))
                        .loss(crossEntropy());
        assertThat(code(() -> sample(finder, folder.resolve("run").toString())))
                .isEqualTo(ProblemCode.UNSUPPORTED);
    }

    private static ProblemCode code(Runnable action) {
        return assertThrows(ProblemException.class, action::run).problem().code();
    }
}
