package dev.partita.compiler.testing;

import static com.google.common.truth.Truth.assertThat;
import static dev.partita.compiler.CompileOptions.on;
import static dev.partita.compiler.testing.PlanAssertions.assertCompiles;
import static dev.partita.dsl.layer.Layers.crossEntropy;
import static dev.partita.dsl.layer.Layers.features;
import static dev.partita.dsl.layer.Layers.linear;
import static dev.partita.dsl.layer.Layers.model;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.partita.compiler.Compiler;
import dev.partita.dsl.layer.Model;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.problem.ProblemException;
import org.junit.jupiter.api.Test;

class PlanAssertionsTest {
    private static Model net(long hidden) {
        return model("net", features("x", 8))
                .then(linear("hidden", hidden))
                .then(linear("classes", 2))
                .loss(crossEntropy());
    }

    @Test
    void a_plan_that_compiles_is_returned() {
        var options = on(Mesh.of("tensor", 2)).shard("hidden").over("tensor");
        assertThat(assertCompiles(net(6), options).plan().mesh().devices()).isEqualTo(2);
    }

    @Test
    void a_plan_that_is_refused_fails_the_test_with_the_problem_and_the_users_line() {
        var options = on(Mesh.of("tensor", 2)).shard("hidden").over("tensor");
        var failure = assertThrows(AssertionError.class, () -> assertCompiles(net(7), options));
        assertThat(failure).hasCauseThat().isInstanceOf(ProblemException.class);
        assertThat(failure).hasMessageThat().contains("[IndivisibleDim]");
        assertThat(failure).hasMessageThat().containsMatch("at: +PlanAssertionsTest.java:\\d+");
    }

    @Test
    void a_model_that_cannot_be_made_fails_the_test_as_well() {
        var failure =
                assertThrows(
                        AssertionError.class,
                        () -> assertCompiles(() -> Compiler.compile(net(-1), on(Mesh.ONE_DEVICE))));
        assertThat(failure).hasMessageThat().contains("[InvalidArgument] The size of hidden");
    }
}
