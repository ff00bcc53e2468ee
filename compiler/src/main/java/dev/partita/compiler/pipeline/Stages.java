package dev.partita.compiler.pipeline;

import dev.partita.dsl.graph.Node;
import dev.partita.dsl.mesh.Axis;
import dev.partita.dsl.mesh.Coordinate;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A model cut into stages, and when each of them works on which micro-batch.
///
/// @param axis of the mesh, along which the stages lie
/// @param stageOf for each layer its stage, from 0
/// @param deviceOf for each stage the device along the axis it lives on
public record Stages(
        Axis axis,
        PipelineSchedule schedule,
        Map<String, Integer> stageOf,
        List<Integer> deviceOf) {
    public Stages {
        stageOf = Collections.unmodifiableMap(new LinkedHashMap<>(stageOf));
        deviceOf = List.copyOf(deviceOf);
    }

    /// Stages that live where the schedule says.
    public Stages(Axis axis, PipelineSchedule schedule, Map<String, Integer> stageOf) {
        this(axis, schedule, stageOf, schedule.deviceOf());
    }

    /// Number of stages.
    public int count() {
        return deviceOf.size();
    }

    /// The stage of a layer; what belongs to no layer, such as the loss, is of the last.
    public int stage(String layer) {
        return stageOf.getOrDefault(layer, count() - 1);
    }

    /// The stage that a node's layer is in.
    public int stage(Node node) {
        return stage(node.layer());
    }

    /// The last layer of a stage.
    String lastLayer(int stage) {
        return stageOf.entrySet().stream()
                .filter(layer -> layer.getValue() == stage)
                .map(Map.Entry::getKey)
                .reduce("", (_, later) -> later);
    }

    /// Where the values of a stage live.
    public List<Coordinate> at(int stage) {
        return axis.size() == 1
                ? List.of()
                : List.of(new Coordinate(axis.name(), deviceOf.get(stage)));
    }

    /// True if a value has to be sent from one stage to the other.
    public boolean isSent(int from, int to) {
        return !at(from).equals(at(to));
    }
}
