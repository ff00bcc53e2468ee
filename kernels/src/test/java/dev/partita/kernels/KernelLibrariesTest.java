package dev.partita.kernels;

import static com.google.common.truth.Truth.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.partita.dsl.graph.Op;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.problem.ProblemException;
import dev.partita.dsl.tensor.TensorType;
import java.lang.foreign.Arena;
import java.util.List;
import org.junit.jupiter.api.Test;

class KernelLibrariesTest {
    @Test
    void a_library_is_found_by_name() {
        assertThat(KernelLibraries.named("cpu").name()).isEqualTo("cpu");
        assertThat(KernelLibraries.named("reference").name()).isEqualTo("reference");
    }

    @Test
    void an_unknown_name_gets_its_near_miss() {
        var problem =
                assertThrows(ProblemException.class, () -> KernelLibraries.named("refrence"))
                        .problem();
        assertThat(problem.code()).isEqualTo(ProblemCode.INVALID_ARGUMENT);
        assertThat(problem.fix()).contains("\"reference\"");
    }

    @Test
    void an_op_that_no_library_computes_is_a_problem_with_the_op_and_its_types() {
        TensorType loss = Types.f32("");
        try (var arena = Arena.ofConfined()) {
            Buffer buffer = Buffer.whole(loss, arena.allocate(loss.bytes(), 64));
            var request =
                    new KernelRequest(new Op.RequireFinite("loss"), List.of(buffer), List.of());
            var problem =
                    assertThrows(
                                    ProblemException.class,
                                    () -> KernelLibraries.cpu().require(request))
                            .problem();
            assertThat(problem.code()).isEqualTo(ProblemCode.UNSUPPORTED_KERNEL);
            assertThat(problem.print()).contains("require-finite loss");
            assertThat(problem.print()).contains("f32[]");
        }
    }
}
