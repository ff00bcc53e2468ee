package dev.partita.runtime.train;

import dev.partita.compiler.plan.Binding;
import dev.partita.runtime.execute.Session;
import dev.partita.runtime.state.BestTest;
import dev.partita.runtime.state.Checkpoint;
import dev.partita.runtime.state.HostTensor;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/// The best test of a training and the weights it was made with. Ends training when tests have not
/// become better for a while (Prechelt 1998).
final class BestSoFar {
    private final int patience;
    private final boolean smallerIsBetter;
    private final boolean isStored;
    private final Map<String, HostTensor> parameters = new LinkedHashMap<>();
    private final Map<String, HostTensor> states = new LinkedHashMap<>();
    private Optional<BestTest> best = Optional.empty();

    /// @param patience tests in a row that may be no better than the best, or 0 for any number
    /// @param isStored whether checkpoints are to have the best weights
    BestSoFar(int patience, boolean smallerIsBetter, boolean isStored) {
        this.patience = patience;
        this.smallerIsBetter = smallerIsBetter;
        this.isStored = isStored;
    }

    /// Takes notice of a measure of what the session holds after `step`.
    ///
    /// @param tested the session of the test: what it reads is kept
    void add(Session session, Session tested, double measure, long step) {
        if (isBetter(measure)) {
            best = Optional.of(new BestTest(measure, step, 0));
            keep(session, tested);
        } else {
            best = best.map(b -> new BestTest(b.measure(), b.step(), b.worse() + 1));
        }
    }

    private void keep(Session session, Session tested) {
        if (patience > 0 || isStored) {
            for (String name : tested.names(Binding.Parameter.class)) {
                parameters.put(name, session.readParameter(name));
            }
            for (String name : tested.names(Binding.State.class)) {
                states.put(name, session.readState(name));
            }
        }
    }

    private boolean isBetter(double measure) {
        if (best.isEmpty()) {
            return !Double.isNaN(measure);
        }
        double before = best.get().measure();
        return smallerIsBetter ? measure < before : measure > before;
    }

    /// True if it is time to stop.
    boolean isOver() {
        return patience > 0 && best.isPresent() && best.get().worse() >= patience;
    }

    Optional<BestTest> test() {
        return best;
    }

    /// What was kept, by name.
    Map<String, HostTensor> tensors() {
        Map<String, HostTensor> all = new LinkedHashMap<>(parameters);
        all.putAll(states);
        return all;
    }

    /// Goes on where a checkpoint was.
    void resume(Checkpoint checkpoint, Session session) {
        best = checkpoint.best();
        checkpoint
                .bestTensors()
                .forEach((name, tensor) -> {
                    boolean weight = session.names(Binding.Parameter.class).contains(name);
                    (weight ? parameters : states).put(name, tensor);
                });
    }

    /// Gives the session back what was best.
    ///
    /// @return its measure
    double restore(Session session) {
        parameters.forEach(session::writeParameter);
        states.forEach(session::writeState);
        return best.orElseThrow().measure();
    }
}
