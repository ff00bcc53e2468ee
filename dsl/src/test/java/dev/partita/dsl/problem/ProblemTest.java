package dev.partita.dsl.problem;

import static com.google.common.truth.Truth.assertThat;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class ProblemTest {
    @Test
    void a_problem_prints_code_sentence_aligned_facts_line_and_way_out() {
        String expected =
                """
                [IndivisibleDim] Dim hidden does not divide over tensor.
                  dim:     hidden=250
                  devices: 4
                  at:      Mlp.java:14
                  try:     make hidden 248 or 252\
                """;
        Problem problem =
                Problem.of(ProblemCode.INDIVISIBLE_DIM, "Dim hidden does not divide over tensor.")
                        .fact("dim", "hidden=250")
                        .fact("devices", 4)
                        .fix("make hidden 248 or 252")
                        .at(Origin.of("Mlp.java", 14));
        assertThat(problem.print()).isEqualTo(expected);
    }

    @Test
    void a_message_ends_with_the_page_of_its_code() {
        String expected =
                """
                [UnknownAxis] No.
                  axis: date
                  try:  data
                  see:  tutorials/problems/UnknownAxis.md\
                """;
        Problem problem =
                Problem.of(ProblemCode.UNKNOWN_AXIS, "No.")
                        .fact("axis", "date")
                        .fix("data")
                        .at(Origin.UNKNOWN);
        assertThat(problem.message()).isEqualTo(expected);
        assertThat(problem.exception()).hasMessageThat().isEqualTo(expected);
    }

    @Test
    void a_fact_of_several_lines_stays_in_its_column() {
        String expected =
                """
                [Unsupported] No.
                  choices: one
                           two\
                """;
        Problem problem =
                Problem.of(ProblemCode.UNSUPPORTED, "No.")
                        .fact("choices", "one\ntwo")
                        .at(Origin.UNKNOWN);
        assertThat(problem.print()).isEqualTo(expected);
    }

    @Test
    void several_problems_are_told_at_once() {
        Problem one = Problem.of(ProblemCode.UNKNOWN_AXIS, "One.").at(Origin.UNKNOWN);
        Problem two = Problem.of(ProblemCode.UNKNOWN_DIM, "Two.").at(Origin.UNKNOWN);
        var exception = new ProblemException(List.of(one, two));
        assertThat(exception).hasMessageThat().isEqualTo(one.message() + "\n" + two.message());
        assertThat(exception.problem()).isEqualTo(one);
        assertThat(exception.problems()).containsExactly(one, two).inOrder();
        assertThat(one.toString()).isEqualTo(one.print());
    }

    @Test
    void codes_print_in_camel_case_and_no_two_alike() {
        assertThat(ProblemCode.LABEL_OUT_OF_RANGE.toString()).isEqualTo("LabelOutOfRange");
        assertThat(Arrays.stream(ProblemCode.values()).map(ProblemCode::toString).toList())
                .containsNoDuplicates();
    }
}
