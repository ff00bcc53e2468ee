package dev.partita.runtime.train;

import static com.google.common.truth.Truth.assertThat;
import static dev.partita.dsl.layer.Layers.crossEntropy;
import static dev.partita.dsl.layer.Layers.dim;
import static dev.partita.dsl.layer.Layers.features;
import static dev.partita.dsl.layer.Layers.linear;
import static dev.partita.dsl.layer.Layers.model;
import static dev.partita.dsl.layer.Layers.relu;
import static java.util.Objects.requireNonNull;

import dev.partita.compiler.CompileOptions;
import dev.partita.compiler.assemble.Assembler;
import dev.partita.compiler.autodiff.Differentiate;
import dev.partita.compiler.autodiff.TrainingGraph;
import dev.partita.compiler.memory.PackArena;
import dev.partita.compiler.partition.Buckets;
import dev.partita.compiler.partition.LocalGraph;
import dev.partita.compiler.partition.Partitioner;
import dev.partita.compiler.plan.Binding;
import dev.partita.compiler.plan.ExecutionPlan;
import dev.partita.compiler.schedule.Overlap;
import dev.partita.compiler.schedule.SplitRoles;
import dev.partita.compiler.schedule.StartEarly;
import dev.partita.compiler.sharding.Choices;
import dev.partita.compiler.sharding.Propagation;
import dev.partita.compiler.verify.PlanVerifier;
import dev.partita.dsl.graph.Graph;
import dev.partita.dsl.graph.GraphBuilder;
import dev.partita.dsl.graph.Node;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Reshard;
import dev.partita.dsl.graph.Update;
import dev.partita.dsl.graph.Value;
import dev.partita.dsl.layer.Model;
import dev.partita.dsl.mesh.Coordinate;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.dsl.tensor.TensorType;
import dev.partita.kernels.KernelLibraries;
import dev.partita.runtime.execute.Session;
import dev.partita.runtime.execute.SessionOptions;
import dev.partita.runtime.state.HostTensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Layers that live one behind the other along an axis, by relocations alone: activations go from
/// one coordinate to the next, their gradients come back, and each device holds and updates the
/// weights of its own layers.
final class StagesByHandTest {
    private static final Model NET =
            model("net", features("x", 6))
                    .then(linear("first", 8))
                    .then(relu())
                    .then(linear("second", dim("model", 8)))
                    .then(relu())
                    .then(linear("third", 4))
                    .loss(crossEntropy());
    private static final Map<String, Integer> STAGE =
            Map.of("first", 0, "relu1", 0, "second", 1, "relu2", 1, "third", 2, "loss", 2);
    private static final int STEPS = 3;

    @ParameterizedTest(name = "mesh {0}")
    @ValueSource(strings = {"pipe=3", "pipe=3,data=2", "data=2,pipe=3"})
    void stages_compute_what_one_device_computes(String mesh) {
        ExecutionPlan plan = plan(Mesh.parse(mesh));
        assertThat(plan.programs()).hasSize(3);
        assertThat(plan.collectives().stream().map(each -> each.start().op().toString()))
                .containsAtLeast(
                        "send pipe from 0 to 1",
                        "send pipe from 1 to 2",
                        "send pipe from 2 to 1",
                        "send pipe from 1 to 0");
        List<double[]> expected = train(plan(Mesh.parse("pipe=1")));
        List<double[]> found = train(plan);
        for (int i = 0; i < expected.size(); i++) {
            assertThat(found.get(i))
                    .usingTolerance(1e-12)
                    .containsExactly(expected.get(i))
                    .inOrder();
        }
    }

    @ParameterizedTest(name = "stage {0}")
    @ValueSource(ints = {0, 1, 2})
    void each_device_holds_the_weights_of_its_own_layers(int stage) {
        ExecutionPlan plan = plan(Mesh.parse("pipe=3"));
        List<String> names =
                plan.program(stage).bindings(Binding.Parameter.class).map(Binding::name).toList();
        String layer = List.of("first", "second", "third").get(stage);
        assertThat(names).containsExactly(layer + ".weight", layer + ".bias");
    }

    private static List<double[]> train(ExecutionPlan plan) {
        var options = new SessionOptions(KernelLibraries.reference(), 5);
        List<double[]> numbers = new ArrayList<>();
        try (var session = Session.open(plan, options)) {
            for (int step = 1; step <= STEPS; step++) {
                int seed = step;
                TensorType x = session.feed().type("x");
                TensorType labels = session.feed().type("labels");
                session.feed()
                        .put("x", HostTensor.generate(x, i -> Math.sin((double) i * seed)))
                        .put("labels", HostTensor.generate(labels, i -> (i + seed) % 4))
                        .put("learning-rate", 0.1);
                session.run();
                numbers.add(new double[] {session.scalar("loss")});
            }
            for (String name : List.of("first", "second", "third")) {
                numbers.add(session.readParameter(name + ".weight").toArray());
                numbers.add(session.readParameter(name + ".bias").toArray());
            }
        }
        return numbers;
    }

    private static ExecutionPlan plan(Mesh mesh) {
        TrainingGraph training = step(Differentiate.run(inStages(NET.trace(12, Dtype.F64, true))));
        CompileOptions options = CompileOptions.on(mesh);
        if (mesh.has("data")) {
            options = options.shard("batch").over("data");
        }
        var sharded = Propagation.run(training, mesh, Choices.only(options.shards()), Map.of());
        LocalGraph local = Buckets.run(Partitioner.run(sharded), 1 << 18);
        local = StartEarly.run(local, 1 << 18);
        ExecutionPlan plan = Assembler.run(PackArena.run(SplitRoles.run(Overlap.run(local))));
        PlanVerifier.verify(plan);
        return plan;
    }

    private static List<Coordinate> at(int stage) {
        return List.of(new Coordinate("pipe", stage));
    }

    /// Examples start at the first stage; what a later stage reads is brought there, once.
    private static Graph inStages(Graph forward) {
        int nextId = forward.nextId();
        Map<Value, Integer> stageOf = new HashMap<>();
        Map<Value, Map<Integer, Value>> moved = new HashMap<>();
        List<Node> nodes = new ArrayList<>();
        for (Node node : forward.nodes()) {
            List<Value> operands = new ArrayList<>();
            int stage = STAGE.getOrDefault(node.layer(), 0);
            for (Value operand : node.operands()) {
                int from = stageOf.getOrDefault(operand, stage);
                boolean brought =
                        from != stage || operand.equals(forward.nodes().getFirst().result());
                if (brought && !moved.getOrDefault(operand, Map.of()).containsKey(stage)) {
                    var result = new Value(nextId++, operand.type());
                    nodes.add(
                            new Node(
                                    new Reshard.Relocate(at(from), at(stage)),
                                    List.of(operand),
                                    List.of(result),
                                    node.layer(),
                                    node.origin()));
                    moved.computeIfAbsent(operand, _ -> new HashMap<>()).put(stage, result);
                }
                operands.add(moved.getOrDefault(operand, Map.of()).getOrDefault(stage, operand));
            }
            if (!(node.op() instanceof Op.Leaf)) {
                node.results().forEach(result -> stageOf.put(result, stage));
            }
            nodes.add(new Node(node.op(), operands, node.results(), node.layer(), node.origin()));
        }
        return new Graph(forward.name(), forward.nodes(), Map.of("loss", forward.output("loss")))
                .withNodes(nodes);
    }

    /// All devices know the loss before any changes a weight.
    private static TrainingGraph step(TrainingGraph differentiated) {
        GraphBuilder builder = GraphBuilder.continuing(differentiated.graph());
        Map<Value, Value> follows = new LinkedHashMap<>(differentiated.follows());
        Value loss = differentiated.graph().output("loss");
        builder.like(differentiated.graph().index().definition(loss));
        Value known = builder.add(new Reshard.Relocate(at(2), List.of()), loss);
        builder.addAll(new Op.RequireFinite("loss"), List.of(known));
        Value rate = builder.add(new Op.Input("learning-rate", loss.type()));
        for (Node node : differentiated.graph().nodesOf(Op.Parameter.class).toList()) {
            String name = ((Op.Parameter) node.op()).name();
            Value gradient = requireNonNull(differentiated.gradients().get(name));
            var step = new Update.SgdStep(0, false, 0);
            Value updated = builder.like(node).add(step, node.result(), gradient, rate);
            follows.put(updated, node.result());
        }
        Graph all = builder.build();
        return new TrainingGraph(
                new Graph(all.name(), all.nodes(), Map.of("loss", known)),
                follows,
                differentiated.gradients(),
                Map.of());
    }
}
