package dev.partita.dsl.layer;

import static com.google.common.truth.Truth.assertThat;
import static dev.partita.dsl.layer.Layers.crossEntropy;
import static dev.partita.dsl.layer.Layers.embedding;
import static dev.partita.dsl.layer.Layers.experts;
import static dev.partita.dsl.layer.Layers.linear;
import static dev.partita.dsl.layer.Layers.model;
import static dev.partita.dsl.layer.Layers.residual;
import static dev.partita.dsl.layer.Layers.tokens;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.partita.dsl.graph.Graph;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.RoutingOp;
import dev.partita.dsl.problem.Origin;
import dev.partita.dsl.problem.ProblemException;
import dev.partita.dsl.tensor.Dtype;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ExpertsTest {
    private static Model text(Layer layer) {
        return model("text", tokens("text", 8, 96)).then(embedding("model", 4)).then(layer);
    }

    @Test
    void experts_are_routed_to_computed_and_added_up() {
        String expected =
                """
                graph text
                  %0 = input "text" : i32[batch=2, text=8]
                  %1 = parameter "model.weight" : f32[vocab=96, model=4]  ; model
                  %2 = embedding %1 %0 : f32[batch=2, text=8, model=4]  ; model
                  %3 = parameter "moe.router.weight" : f32[router=3, model=4]  ; moe.router
                  %4 = einsum abi,oi->abo %2 %3 : f32[batch=2, text=8, router=3]  ; moe.router
                  %5 = softmax %4 : f32[batch=2, text=8, router=3]  ; moe.router
                  %6, %7, %8, %9 = route 2 into 7 %5 : f32[router=3, batch=2, capacity=7], \
                i32[router=3, batch=2, capacity=7], f32[batch=2, router=3], f32[batch=2, router=3]  ; moe
                  %10 = dispatch %2 %7 : f32[expert=3, group=2, capacity=7, model=4]  ; moe.dispatch
                  %11 = parameter "moe.up.weight" : f32[expert=3, ffn=16, model=4]  ; moe.up
                  %12 = einsum egck,eok->egco %10 %11 : f32[expert=3, group=2, capacity=7, ffn=16]  ; moe.up
                  %13 = gelu %12 : f32[expert=3, group=2, capacity=7, ffn=16]  ; moe
                  %14 = parameter "moe.down.weight" : f32[expert=3, model=4, ffn=16]  ; moe.down
                  %15 = einsum egck,eok->egco %13 %14 : f32[expert=3, group=2, capacity=7, model=4]  ; moe.down
                  %16 = combine %15 %7 %6 : f32[batch=2, text=8, model=4]  ; moe.combine
                  return prediction = %16
                """;
        Model net = text(experts("moe", 3, 16).capacity(1.25));
        assertThat(ModelTest.printed(net.trace(2, Dtype.F32, false))).isEqualTo(expected);
    }

    @Test
    void gated_experts_have_a_third_matrix() {
        Model net = text(experts("moe", 3, 16).swiGlu().dropless());
        assertThat(net.parameters()).isEqualTo(96 * 4 + 3 * 4 + 3 * 3 * 4 * 16);
        assertThat(
                        net.trace(1, Dtype.F32, false)
                                .nodesOf(Op.Parameter.class)
                                .map(n -> n.result().type().toString())
                                .skip(2))
                .containsExactly(
                        "f32[expert=3, ffn=16, model=4]",
                        "f32[expert=3, ffn=16, model=4]",
                        "f32[expert=3, model=4, ffn=16]")
                .inOrder();
    }

    @ParameterizedTest(name = "{0} choices of {1} experts, capacity {2}: {3} slots for 8 positions")
    @CsvSource({
        "1, 4, 1, 2",
        "2, 4, 1, 4",
        "2, 4, 1.25, 5",
        "2, 3, 1, 6",
        "1, 100, 1, 1",
        "2, 2, 8, 8",
        "1, 4, 1e300, 8"
    })
    void slots_are_the_even_share_times_the_factor(
            int choices, long count, double factor, long slots) {
        Model net = text(experts("moe", count, 4).topK(choices).capacity(factor));
        assertThat(
                        net.trace(1, Dtype.F32, false)
                                .nodesOf(RoutingOp.Route.class)
                                .map(n -> (RoutingOp.Route) n.op()))
                .containsExactly(new RoutingOp.Route(choices, slots));
    }

    @Test
    void without_drops_every_position_has_a_slot() {
        Model net = text(experts("moe", 4, 4).dropless());
        assertThat(
                        net.trace(1, Dtype.F32, false)
                                .nodesOf(RoutingOp.Route.class)
                                .map(n -> (RoutingOp.Route) n.op()))
                .containsExactly(new RoutingOp.Route(2, 8));
    }

    @Test
    void training_also_returns_what_evens_out_the_experts_and_how_they_were_chosen() {
        Model net =
                text(residual(experts("moe", 3, 16).capacity(1).auxiliary(0.5)))
                        .then(linear("classes", 4))
                        .loss(crossEntropy());
        Graph graph = net.trace(4, 2, Dtype.F32, true);
        assertThat(graph.outputs().keySet())
                .containsExactly(
                        "chosen/moe", "dropped/moe", "auxiliary-loss", "loss", "prediction");
        assertThat(graph.output("chosen/moe").type().toString()).isEqualTo("f32[router=3]");
        // of 4 examples, 8 positions and 2 choices: 3 experts * 0.5 / (4 * 8 * 2 * 8)
        String balance = graph.index().definition(graph.output("auxiliary-loss")).op().toString();
        assertThat(balance).isEqualTo("scale " + 3 * 0.5 / (4 * 8 * 2 * 8));
        assertThat(graph.index().definition(graph.output("loss")).operands())
                .contains(graph.output("auxiliary-loss"));
    }

    @Test
    void without_an_auxiliary_loss_the_loss_is_as_it_was() {
        Model net =
                text(experts("moe", 3, 16).capacity(1).auxiliary(0))
                        .then(linear("classes", 4))
                        .loss(crossEntropy());
        Graph graph = net.trace(4, Dtype.F32, true);
        assertThat(graph.outputs().keySet())
                .containsExactly("chosen/moe", "dropped/moe", "loss", "prediction");
    }

    @Test
    void a_capacity_that_nobody_said_is_a_problem_with_what_each_choice_takes() {
        var thrown =
                assertThrows(
                        ProblemException.class, () -> text(experts("moe", 3, 16)).parameters());
        String expected =
                """
                [CapacityPolicyMissing] Nothing says what becomes of tokens that an expert has no room for.
                  layer:          moe
                  experts:        3, each position chooses 2
                  capacity(1.0):  6 slots an expert for the 8 positions of an example, 1,440 bytes in all
                  capacity(1.25): 7 slots an expert for the 8 positions of an example, 1,680 bytes in all
                  capacity(2.0):  8 slots an expert for the 8 positions of an example, 1,920 bytes in all
                  dropless():     8 slots an expert for the 8 positions of an example, 1,920 bytes in all
                  try:            .capacity(1.25) drops what finds no slot, .dropless() drops nothing\
                """;
        assertThat(thrown.problem().at(Origin.UNKNOWN).print()).isEqualTo(expected);
        assertThat(thrown.problem().origin().file()).isEqualTo("ExpertsTest.java");
    }
}
