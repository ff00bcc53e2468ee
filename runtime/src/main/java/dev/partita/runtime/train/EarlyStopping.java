package dev.partita.runtime.train;

import dev.partita.compiler.plan.Binding;
import dev.partita.runtime.execute.Session;
import dev.partita.runtime.state.HostTensor;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalDouble;

/// Ends training when what is measured on held-out examples has not become better for a while, and
/// goes back to where it was best (Prechelt 1998).
final class EarlyStopping {
    private final int patience;
    private final boolean smallerIsBetter;
    private final Map<String, HostTensor> parameters = new LinkedHashMap<>();
    private final Map<String, HostTensor> states = new LinkedHashMap<>();
    private OptionalDouble best = OptionalDouble.empty();
    private int worse;

    /// @param patience measures in a row that may be no better than the best
    EarlyStopping(int patience, boolean smallerIsBetter) {
        this.patience = patience;
        this.smallerIsBetter = smallerIsBetter;
    }

    /// Takes notice of a measure of what the session holds.
    ///
    /// @return true if it is time to stop
    boolean isOverAfter(Session session, double measure) {
        if (isBetter(measure)) {
            best = OptionalDouble.of(measure);
            worse = 0;
            session.names(Binding.Parameter.class)
                    .forEach(name -> parameters.put(name, session.readParameter(name)));
            session.names(Binding.State.class)
                    .forEach(name -> states.put(name, session.readState(name)));
        } else {
            worse++;
        }
        return worse >= patience;
    }

    private boolean isBetter(double measure) {
        if (best.isEmpty()) {
            return true;
        }
        double before = best.getAsDouble();
        return smallerIsBetter ? measure < before : measure > before;
    }

    /// Gives the session back what was best.
    ///
    /// @return its measure
    OptionalDouble restore(Session session) {
        parameters.forEach(session::writeParameter);
        states.forEach(session::writeState);
        return best;
    }
}
