package dev.partita.compiler;

import static com.google.common.truth.Truth.assertThat;
import static dev.partita.compiler.CompileOptions.on;
import static dev.partita.dsl.layer.Layers.attention;
import static dev.partita.dsl.layer.Layers.crossEntropy;
import static dev.partita.dsl.layer.Layers.embedding;
import static dev.partita.dsl.layer.Layers.features;
import static dev.partita.dsl.layer.Layers.linear;
import static dev.partita.dsl.layer.Layers.model;
import static dev.partita.dsl.layer.Layers.relu;
import static dev.partita.dsl.layer.Layers.tiedTo;
import static dev.partita.dsl.layer.Layers.tokens;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.partita.compiler.plan.Price;
import dev.partita.dsl.layer.Model;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.problem.Fact;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemException;
import java.util.List;
import org.junit.jupiter.api.Test;

/// What a person reads who asks for a placement that cannot be: the legal choices, and what the
/// plan of each costs.
class PlacementProblemsTest {
    private static final Mesh BOTH = Mesh.of("data", 2).by("tensor", 2);

    private static Model mlp() {
        return model("mlp", features("x", 6))
                .then(linear("hidden", 8))
                .then(relu())
                .then(linear("classes", 4))
                .loss(crossEntropy());
    }

    private static Model transformer() {
        return model("lm", tokens("sequence", 6, 12))
                .then(embedding("model", 12))
                .then(attention("attention", 4).groups(2).withoutBias())
                .then(tiedTo("model"))
                .loss(crossEntropy());
    }

    private static Problem problem(Model model, CompileOptions options) {
        return assertThrows(ProblemException.class, () -> Compiler.compile(model, options))
                .problem();
    }

    /// Lines differ whenever this file does.
    private static String print(Problem problem) {
        return problem.print().replaceAll("(PlacementProblemsTest.java):\\d+", "$1");
    }

    private static String price(Model model, CompileOptions options) {
        return Price.of(Compiler.compile(model, options).plan()).toString();
    }

    private static String fact(Problem problem, String name) {
        List<Fact> facts = problem.facts().stream().filter(f -> f.name().equals(name)).toList();
        assertThat(facts).hasSize(1);
        return facts.getFirst().value();
    }

    @Test
    void one_axis_for_two_dims_of_a_value_lists_either() {
        CompileOptions options = on(BOTH).batch(8);
        Problem problem =
                problem(
                        mlp(),
                        options.shard("hidden").over("tensor").shard("classes").over("tensor"));
        assertThat(print(problem))
                .isEqualTo(
                        """
                        [AxisUsedTwice] One axis would shard two dims of a value.
                          axis:                                 tensor
                          value:                                f32[classes=4, hidden=8]
                          asked by:                             shard("hidden").over("tensor") and shard("classes").over("tensor")
                          only shard("hidden").over("tensor"):  a device holds 1,924 bytes and sends 140 a step
                          only shard("classes").over("tensor"): a device holds 2,244 bytes and sends 324 a step
                          at:                                   PlacementProblemsTest.java
                          try:                                  drop one of the two, shard it over another axis, or restrict it with .at("layer")\
                        """);
        assertThat(fact(problem, "only shard(\"hidden\").over(\"tensor\")"))
                .isEqualTo(price(mlp(), options.shard("hidden").over("tensor")));
        assertThat(fact(problem, "only shard(\"classes\").over(\"tensor\")"))
                .isEqualTo(price(mlp(), options.shard("classes").over("tensor")));
    }

    @Test
    void two_axes_for_one_dim_list_either() {
        CompileOptions options = on(BOTH).batch(8);
        Problem problem =
                problem(mlp(), options.shard("hidden").over("tensor").shard("hidden").over("data"));
        assertThat(print(problem))
                .isEqualTo(
                        """
                        [AmbiguousPlacement] Two requests shard one dim differently.
                          dim:                                    hidden
                          asked by:                               shard("hidden").over("data") and shard("hidden").over("tensor")
                          only shard("hidden").over("tensor"):    a device holds 1,924 bytes and sends 140 a step
                          only shard("hidden").over("data"):      a device holds 1,924 bytes and sends 140 a step
                          shard("hidden").over("tensor", "data"): a device holds 1,668 bytes and sends 140 a step
                          shard("hidden").over("data", "tensor"): a device holds 1,668 bytes and sends 140 a step
                          at:                                     PlacementProblemsTest.java
                          try:                                    keep one of the two, or shard the dim over all their axes at once\
                        """);
    }

    @Test
    void heads_that_do_not_divide_list_what_does() {
        Mesh mesh = Mesh.of("data", 2).by("tensor", 3);
        Problem problem = problem(transformer(), on(mesh).batch(6).shard("heads").over("tensor"));
        assertThat(print(problem))
                .isEqualTo(
                        """
                        [IndivisibleDim] Dim heads does not divide over tensor.
                          dim:                               heads=2
                          devices:                           3 (mesh[data=2, tensor=3])
                          left over:                         2
                          asked by:                          shard("heads").over("tensor")
                          layer:                             attention.query
                          shard("heads").over("data"):       a device holds 17,028 bytes and sends 3,460 a step
                          shard("head-size").over("tensor"): a device holds 18,372 bytes and sends 5,188 a step
                          shard("model").over("tensor"):     a device holds 15,044 bytes and sends 6,916 a step
                          without it:                        a device holds 21,828 bytes and sends 0 a step
                          at:                                PlacementProblemsTest.java
                          try:                               make heads 3, or shard another dim\
                        """);
        assertThat(fact(problem, "shard(\"heads\").over(\"data\")"))
                .isEqualTo(price(transformer(), on(mesh).batch(6).shard("heads").over("data")));
    }

    @Test
    void an_operation_between_two_placements_over_one_axis_lists_both() {
        CompileOptions options =
                on(BOTH).shard("b")
                        .over("tensor")
                        .shard("b")
                        .at("b")
                        .over("data")
                        .shard("batch")
                        .at("a")
                        .over("tensor")
                        .batch(8);
        Model net =
                model("m", features("x", 4))
                        .then(linear("a", 8))
                        .then(linear("b", 4))
                        .loss(crossEntropy());
        Problem problem = problem(net, options);
        assertThat(print(problem))
                .isEqualTo(
                        """
                        [AmbiguousPlacement] An op's operands are sharded over one axis in two ways.
                          op:             %6 = einsum bk,ok->bo %4 %5 : f32[batch=8, b=4]
                          axis:           tensor
                          operand %4:     [{tensor}, {}] batch because shard("batch").at("a").over("tensor"), PlacementProblemsTest.java
                          operand %5:     [{tensor}, {}] b because shard("b").over("tensor"), PlacementProblemsTest.java
                          split by batch: a device receives 64 bytes each time
                          split by b:     a device receives 128 bytes each time
                          at:             PlacementProblemsTest.java
                          try:            shard one of the two over another axis, or drop it\
                        """);
    }

    @Test
    void a_weight_that_two_uses_want_split_differently_lists_the_ways_in_which_it_may_lie() {
        CompileOptions options = on(BOTH).batch(4);
        Problem problem =
                problem(
                        transformer(),
                        options.shard("model")
                                .at("model")
                                .over("tensor")
                                .shard("vocab")
                                .at("tied1")
                                .over("tensor"));
        assertThat(print(problem))
                .isEqualTo(
                        """
                        [WeightShardedTwice] Two uses of a weight would have it split differently, and nothing says which it is.
                          weight:                        %1 = parameter "model.weight" : f32[vocab=12, model=12]
                          use:                           %2 = embedding %1 %0 : f32[batch=4, sequence=6, model=12], PlacementProblemsTest.java
                          wants:                         [{}, {tensor}] for %2 lies [{}, {}, {tensor}] model because shard("model").at("model").over("tensor"), PlacementProblemsTest.java
                          use:                           %13 = einsum bck,ok->bco %12 %1 : f32[batch=4, sequence=6, vocab=12], PlacementProblemsTest.java
                          wants:                         [{tensor}, {}] for %13 lies [{}, {}, {tensor}] vocab because shard("vocab").at("tied1").over("tensor"), PlacementProblemsTest.java
                          shard("model").over("tensor"): a device holds 12,932 bytes and sends 5,380 a step
                          shard("vocab").over("tensor"): a device holds 15,684 bytes and sends 5,668 a step
                          at:                            PlacementProblemsTest.java
                          try:                           say how the weight lies in one of these ways, or shard one use alike\
                        """);
    }

    @Test
    void zero_over_an_axis_without_data_lists_axes_with_and_what_makes_it_one() {
        CompileOptions options = on(BOTH).batch(8).shard("batch").over("data");
        Problem problem = problem(mlp(), options.zero(2).over("tensor"));
        assertThat(print(problem))
                .isEqualTo(
                        """
                        [ZeroWithoutDataParallelism] ZeRO splits what data parallelism keeps alike, and no data is sharded over tensor.
                          asked by:                              zero(2).over("tensor")
                          over data:                             saves 552 bytes a device
                          shard("batch").over("data", "tensor"): a device holds 2,180 bytes and sends 744 a step
                          at:                                    PlacementProblemsTest.java
                          try:                                   .over("data") or shard("batch").over("data", "tensor")\
                        """);
    }
}
