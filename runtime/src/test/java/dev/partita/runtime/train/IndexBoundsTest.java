package dev.partita.runtime.train;

import static com.google.common.truth.Truth.assertThat;
import static dev.partita.compiler.CompileOptions.on;
import static dev.partita.dsl.layer.Layers.crossEntropy;
import static dev.partita.dsl.layer.Layers.features;
import static dev.partita.dsl.layer.Layers.linear;
import static dev.partita.dsl.layer.Layers.model;

import dev.partita.compiler.Compiler;
import dev.partita.compiler.assemble.Assembler;
import dev.partita.compiler.autodiff.TrainingGraph;
import dev.partita.compiler.memory.PackArena;
import dev.partita.compiler.partition.Partitioner;
import dev.partita.compiler.plan.ExecutionPlan;
import dev.partita.compiler.schedule.Overlap;
import dev.partita.compiler.schedule.SplitRoles;
import dev.partita.compiler.sharding.Choices;
import dev.partita.compiler.sharding.Propagation;
import dev.partita.dsl.graph.GraphBuilder;
import dev.partita.dsl.graph.Initializer;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Reshard;
import dev.partita.dsl.graph.Value;
import dev.partita.dsl.mesh.Coordinate;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.tensor.TensorType;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class IndexBoundsTest {
    private static final Mesh PIPE = Mesh.of("pipe", 2);

    private static List<Coordinate> at(int stage) {
        return List.of(new Coordinate("pipe", stage));
    }

    /// Tokens come to the first device; the table is on the second.
    private static ExecutionPlan lookedUpElsewhere() {
        var builder = new GraphBuilder("net");
        Value tokens =
                builder.add(
                        new Op.Input("tokens", TensorType.parse("i32[micro-batch=2, batch=4]")));
        Value first = builder.add(new Reshard.Relocate(List.of(), at(0)), tokens);
        Value part = builder.add(new Op.MicroBatch(0), first);
        Value second = builder.add(new Reshard.Relocate(at(0), at(1)), part);
        TensorType type = TensorType.parse("f32[vocab=7, model=2]");
        Value table = builder.add(new Op.Parameter("table", type, new Initializer.Fill(1)));
        builder.output("prediction", builder.add(new Op.Embedding(), table, second));
        var training = TrainingGraph.forwardOnly(builder.build());
        var sharded = Propagation.run(training, PIPE, Choices.only(List.of()), Map.of());
        var sequence = Overlap.run(Partitioner.run(sharded));
        return Assembler.run(PackArena.run(SplitRoles.run(sequence)));
    }

    @Test
    void numbers_are_followed_to_the_device_that_uses_them_as_an_index() {
        ExecutionPlan plan = lookedUpElsewhere();
        assertThat(plan.programs()).hasSize(2);
        assertThat(plan.collectives().getFirst().start().op().toString())
                .isEqualTo("send pipe from 0 to 1");
        assertThat(IndexBounds.of(plan, "tokens")).hasValue(7);
    }

    @Test
    void a_label_that_does_not_count_is_known_in_micro_batches_too() {
        var net =
                model("net", features("x", 4))
                        .then(linear("classes", 3))
                        .loss(crossEntropy().ignoring(-100));
        var plan = Compiler.compile(net, on(Mesh.ONE_DEVICE).batch(8).microBatches(2)).plan();
        assertThat(IndexBounds.of(plan, "labels")).hasValue(3);
        assertThat(IndexBounds.ignored(plan, "labels")).hasValue(-100);
    }
}
