package dev.partita.runtime.execute;

import dev.partita.compiler.plan.Slot;
import dev.partita.runtime.state.HostTensor;
import java.util.Locale;

/// A copy of what a device holds of a tensor at one moment.
///
/// @param slot where it lies, and which part of which tensor it is
/// @param name what it is called
/// @param madeBy the op that made it
/// @param values of the device's block
public record LiveTensor(int rank, Slot slot, String name, String madeBy, HostTensor values) {
    private static final int COLUMNS = 6;
    private static final int ROWS = 8;

    /// Writes [#describe] to standard output.
    public void print() {
        System.out.print(describe());
    }

    /// What it is, and its first numbers, a row of the last dim a line.
    public String describe() {
        var text = new StringBuilder();
        text.append(
                "%s of rank %d: %s of %s %s%n"
                        .formatted(name, rank, slot.type(), slot.whole(), slot.placement()));
        text.append("  made by %s; %s%n".formatted(madeBy, statistics()));
        long width =
                slot.type().shape().rank() == 0
                        ? 1
                        : slot.type().shape().size(slot.type().shape().rank() - 1);
        long rows = width == 0 ? 0 : values.elements() / width;
        for (long row = 0; row < Math.min(rows, ROWS); row++) {
            text.append(' ');
            for (long i = 0; i < Math.min(width, COLUMNS); i++) {
                text.append(" %11s".formatted(number(values.get(row * width + i))));
            }
            text.append(width > COLUMNS ? "  …\n" : "\n");
        }
        return text.append(rows > ROWS ? "  …\n" : "").toString();
    }

    /// Type and range in one line.
    String summary() {
        return "s%d %s: %s".formatted(slot.id(), slot.type(), statistics());
    }

    private String statistics() {
        double least = Double.POSITIVE_INFINITY;
        double most = Double.NEGATIVE_INFINITY;
        double squares = 0;
        long strange = 0;
        for (long i = 0; i < values.elements(); i++) {
            double value = values.get(i);
            if (Double.isFinite(value)) {
                least = Math.min(least, value);
                most = Math.max(most, value);
                squares += value * value;
            } else {
                strange++;
            }
        }
        String odd = strange == 0 ? "" : ", %,d not finite".formatted(strange);
        return values.elements() == strange
                ? "nothing finite"
                : "from %s to %s, norm %s%s"
                        .formatted(number(least), number(most), number(Math.sqrt(squares)), odd);
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.4g", value);
    }

    @Override
    public String toString() {
        return "rank " + rank + " " + summary();
    }
}
