package dev.partita.runtime.execute;

import dev.partita.kernels.Buffer;
import dev.partita.runtime.state.Elements;
import java.util.List;

/// A scalar output that is read after every step. Reading allocates nothing on the Java heap.
public final class ScalarOutput {
    private final Buffer[] summands;

    ScalarOutput(List<Buffer> summands) {
        this.summands = summands.toArray(Buffer[]::new);
    }

    /// Its value after the last step.
    public double value() {
        double sum = 0;
        for (Buffer summand : summands) {
            sum += Elements.get(summand.type().dtype(), summand.memory(), 0);
        }
        return sum;
    }
}
