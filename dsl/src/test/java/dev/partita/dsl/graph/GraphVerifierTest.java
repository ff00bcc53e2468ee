package dev.partita.dsl.graph;

import static com.google.common.truth.Truth.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.partita.dsl.problem.Origin;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.problem.ProblemException;
import dev.partita.dsl.tensor.TensorType;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class GraphVerifierTest {
    private static final TensorType TYPE = TensorType.parse("f32[batch=2, d=5]");

    private static Graph sound() {
        var builder = new GraphBuilder("small").at("first", Origin.of("Small.java", 3));
        Value x = builder.add(new Op.Input("x", TYPE));
        Value y = builder.at("second", Origin.of("Small.java", 4)).add(new Elementwise.Relu(), x);
        return builder.output("y", y).build();
    }

    private static Problem rejected(List<Node> nodes) {
        var graph = new Graph("small", nodes, sound().outputs());
        Problem problem =
                assertThrows(ProblemException.class, () -> GraphVerifier.verify(graph)).problem();
        assertThat(problem.code()).isEqualTo(ProblemCode.GRAPH_REJECTED);
        return problem;
    }

    @Test
    void a_graph_prints_one_node_a_line_with_its_layer_and_source() {
        String expected =
                """
                graph small
                  %0 = input "x" : f32[batch=2, d=5]  ; first Small.java:3
                  %1 = relu %0 : f32[batch=2, d=5]    ; second Small.java:4
                  return y = %1
                """;
        assertThat(sound().print()).isEqualTo(expected);
        assertThat(sound().toString()).isEqualTo("graph small: 2 nodes, outputs [y]");
    }

    @Test
    void a_value_read_before_it_is_defined_is_caught_at_the_line_that_reads_it() {
        String expected =
                """
                [GraphRejected] Graph small is not well formed.
                  node:    %1 = relu %0 : f32[batch=2, d=5]
                  because: %0 is read before it is defined
                  at:      Small.java:4
                  try:     report this: a pass broke the graph\
                """;
        assertThat(rejected(sound().nodes().reversed()).print()).isEqualTo(expected);
    }

    @Test
    void a_builder_gives_out_no_graph_that_is_not_well_formed() {
        var builder = new GraphBuilder("small").output("y", new Value(1, TYPE));
        assertThrows(ProblemException.class, builder::build);
    }

    @Test
    void a_value_defined_twice_is_caught() {
        var nodes = new ArrayList<>(sound().nodes());
        nodes.add(nodes.getFirst());
        assertThat(rejected(nodes).print()).contains("because: %0 is defined twice");
    }

    @Test
    void a_type_that_the_op_does_not_give_is_caught() {
        Node relu = sound().nodes().getLast();
        var wrong = new Value(1, TensorType.parse("f32[batch=2, d=6]"));
        var nodes =
                List.of(
                        sound().nodes().getFirst(),
                        new Node(
                                relu.op(),
                                relu.operands(),
                                List.of(wrong),
                                relu.layer(),
                                relu.origin()));
        assertThat(rejected(nodes).print())
                .contains("its results are [f32[batch=2, d=6]] and should be [f32[batch=2, d=5]]");
    }

    @Test
    void an_output_that_nothing_defines_is_caught() {
        assertThat(rejected(sound().nodes().subList(0, 1)).print()).contains("output: y = %1");
    }

    @Test
    void the_builder_reports_a_mismatch_at_the_current_line_and_layer() {
        var builder = new GraphBuilder("small").at("second", Origin.of("Small.java", 4));
        Value x = builder.add(new Op.Input("x", TYPE));
        Problem problem =
                assertThrows(ProblemException.class, () -> builder.add(new Op.AddBias(), x, x))
                        .problem();
        assertThat(problem.origin()).isEqualTo(Origin.of("Small.java", 4));
        assertThat(problem.print()).contains("layer:     second");
    }

    @Test
    void a_builder_goes_on_where_a_graph_ends() {
        var builder = GraphBuilder.continuing(sound());
        Value z = builder.add(new Elementwise.Scale(2), sound().output("y"));
        Graph longer = builder.output("z", z).build();
        assertThat(z.id()).isEqualTo(2);
        assertThat(longer.outputs().keySet()).containsExactly("y", "z").inOrder();
        assertThat(longer.index().definition(z)).isEqualTo(longer.nodes().getLast());
    }

    @Test
    void a_graph_knows_who_defines_and_who_reads_a_value() {
        Graph graph = sound();
        Node input = graph.nodes().getFirst();
        Node relu = graph.nodes().getLast();
        GraphIndex index = graph.index();
        assertThat(index.definition(relu.result())).isEqualTo(relu);
        assertThat(index.uses(input.result())).containsExactly(relu);
        assertThat(index.uses(relu.result())).isEmpty();
        assertThat(index.isReadOnce(input.result())).isTrue();
        assertThat(index.isReadOnce(relu.result())).isFalse();
        assertThrows(IllegalArgumentException.class, () -> index.definition(new Value(7, TYPE)));
    }

    @Test
    void other_nodes_for_the_same_outputs_are_verified() {
        Graph graph = sound();
        assertThat(graph.withNodes(graph.nodes())).isEqualTo(graph);
        assertThrows(ProblemException.class, () -> graph.withNodes(List.of()));
    }

    @Test
    void a_graph_does_not_change_after_it_was_built() {
        assertThrows(UnsupportedOperationException.class, () -> sound().nodes().clear());
        assertThrows(UnsupportedOperationException.class, () -> sound().outputs().clear());
        assertThrows(IllegalArgumentException.class, () -> sound().output("z"));
        assertThat(new Graph("empty", List.of(), Map.of()).nextId()).isEqualTo(0);
    }
}
