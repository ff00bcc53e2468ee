package dev.partita.runtime.train;

import dev.partita.compiler.plan.Binding;
import dev.partita.dsl.graph.Graph;
import dev.partita.runtime.execute.Session;
import dev.partita.runtime.execute.VectorOutput;
import java.util.Arrays;
import java.util.List;

/// Writes down after every step which experts were chosen. Its room is taken at the start, so that
/// writing allocates nothing.
final class ExpertLog {
    private final Layer[] layers;
    private int steps;

    /// @param capacity the largest number of steps
    ExpertLog(Session session, int capacity) {
        layers =
                session.names(Binding.Output.class).stream()
                        .filter(name -> name.startsWith(Graph.CHOSEN))
                        .map(name -> name.substring(Graph.CHOSEN.length()))
                        .map(name -> new Layer(name, session, capacity))
                        .toArray(Layer[]::new);
    }

    private static final class Layer {
        final String name;
        final VectorOutput chosen;
        final VectorOutput dropped;
        final double[] allChosen;
        final double[] allDropped;
        final double[] droppedPerStep;

        Layer(String name, Session session, int capacity) {
            this.name = name;
            chosen = session.vectorOutput(Graph.CHOSEN + name);
            dropped = session.vectorOutput(Graph.DROPPED + name);
            allChosen = new double[chosen.size()];
            allDropped = new double[dropped.size()];
            droppedPerStep = new double[capacity];
        }
    }

    /// A step of the session is complete.
    void add() {
        for (Layer layer : layers) {
            layer.chosen.addTo(layer.allChosen);
            double before = sum(layer.allDropped);
            layer.dropped.addTo(layer.allDropped);
            layer.droppedPerStep[steps] = sum(layer.allDropped) - before;
        }
        steps++;
    }

    private static double sum(double[] values) {
        double sum = 0;
        for (double value : values) {
            sum += value;
        }
        return sum;
    }

    List<ExpertLoad> loads() {
        return Arrays.stream(layers)
                .map(layer ->
                        new ExpertLoad(
                                layer.name,
                                mean(layer.allChosen),
                                mean(layer.allDropped),
                                Arrays.stream(layer.droppedPerStep, 0, steps).boxed().toList()))
                .toList();
    }

    private List<Double> mean(double[] sums) {
        return Arrays.stream(sums).map(sum -> sum / Math.max(1, steps)).boxed().toList();
    }
}
