package dev.partita.models;

import static com.google.common.truth.Truth.assertThat;
import static dev.partita.dsl.layer.Layers.features;
import static dev.partita.dsl.layer.Layers.linear;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.partita.dsl.layer.Layers;
import dev.partita.dsl.layer.Model;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.problem.ProblemException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

public final class ModelCatalogTest {
    /// A user's model.
    public static final class Tiny {
        private Tiny() {}

        public static Model model() {
            return Layers.model("tiny", features("x", 4)).then(linear("h", 3));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "mlp, 669706",
        "convnet, 431242",
        "resnet18, 11172810",
        "gpt, 3248640",
        "moe-gpt, 9543168",
        "bert, 3315456"
    })
    void a_built_in_model_has_its_weights(String name, long parameters) {
        Model model = ModelCatalog.named(name);
        assertThat(model.name()).isEqualTo(name);
        assertThat(model.parameters()).isEqualTo(parameters);
    }

    @Test
    void a_class_with_a_model_method_is_a_model() {
        assertThat(ModelCatalog.named(Tiny.class.getName())).isEqualTo(Tiny.model());
    }

    @Test
    void an_unknown_name_is_met_with_the_near_miss() {
        Problem problem = problem("covnet");
        assertThat(problem.code()).isEqualTo(ProblemCode.UNKNOWN_MODEL);
        assertThat(problem.fix()).contains("\"convnet\"");
    }

    @Test
    void a_class_without_a_model_method_is_told_what_it_lacks() {
        assertThat(problem("java.lang.String").fix()).contains("public static Model model()");
    }

    @Test
    void a_gpt_of_the_published_sizes_has_the_published_number_of_weights() {
        long published = 124_439_808;
        // GPT-2's keys have biases, which no softmax sees
        long biasesOfKeys = 12 * 768;
        Model small = Gpt.of(Transformer.of(12, 768, 12, 3072, 50_257, 1024));
        assertThat(small.parameters()).isEqualTo(published - biasesOfKeys);
    }

    private static Problem problem(String name) {
        return assertThrows(ProblemException.class, () -> ModelCatalog.named(name)).problem();
    }
}
