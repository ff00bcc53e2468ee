package dev.partita.dsl.graph;

import static com.google.common.truth.Truth.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.problem.ProblemException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EinsumSpecTest {
    @ParameterizedTest
    @ValueSource(strings = {"bk,ok->bo", "bck,ok->bco", "bhqd,bhkd->bhqk", "i,j->ij", "k,k->"})
    void a_printed_einsum_reads_back(String text) {
        assertThat(EinsumSpec.parse(text).toString()).isEqualTo(text);
    }

    @Test
    void the_gradient_of_each_operand_is_an_einsum() {
        EinsumSpec spec = EinsumSpec.parse("bk,ok->bo");
        assertThat(spec.leftGradient().toString()).isEqualTo("bo,ok->bk");
        assertThat(spec.rightGradient().toString()).isEqualTo("bo,bk->ok");
        assertThat(spec.contracts('k')).isTrue();
        assertThat(spec.contracts('b')).isFalse();
    }

    /// In turn: nothing summed over twice, a letter from nowhere, a letter lost, a letter repeated,
    /// and no einsum at all.
    @ParameterizedTest
    @ValueSource(
            strings = {
                "bk,ok->b",
                "bk,ok->bx",
                "bkz,ok->bo",
                "bb,ob->o",
                "bk,ok->boo",
                "bk ok->bo",
                "bk,ok"
            })
    void what_is_not_an_einsum_is_a_problem(String text) {
        assertThat(
                        assertThrows(ProblemException.class, () -> EinsumSpec.parse(text))
                                .problem()
                                .code())
                .isEqualTo(ProblemCode.INVALID_ARGUMENT);
    }
}
