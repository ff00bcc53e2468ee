package dev.partita.shell.bench;

import dev.partita.runtime.execute.StepProfile;
import dev.partita.shell.draw.Table;

/// A step's profile for a person: one row per kind of op, what takes longest first.
public final class ProfileTable {
    private static final double LEAST_SHARE = 0.002;

    private ProfileTable() {}

    public static String print(StepProfile profile) {
        var table = Table.of("ms", "share", "times", "GFLOP/s", "result", "op");
        double rest = profile.millis();
        for (StepProfile.Entry entry : profile.entries()) {
            if (entry.millis() >= LEAST_SHARE * profile.millis()) {
                rest -= entry.millis();
                row(table, entry, entry.millis() / profile.millis());
            }
        }
        table.row(millis(rest), share(rest / profile.millis()), "", "", "", "all else");
        table.row(millis(profile.millis()), share(1), "", "", "", "a step");
        return table.print();
    }

    private static void row(Table table, StepProfile.Entry entry, double share) {
        table.row(
                millis(entry.millis()),
                share(share),
                entry.times(),
                entry.arithmetic() == 0 ? "" : "%.0f".formatted(entry.gigaflops()),
                entry.result(),
                entry.op());
    }

    private static String millis(double value) {
        return "%.3f".formatted(value);
    }

    private static String share(double part) {
        return "%.1f%%".formatted(100 * part);
    }
}
