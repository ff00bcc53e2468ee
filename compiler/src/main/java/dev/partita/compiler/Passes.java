package dev.partita.compiler;

import dev.partita.dsl.graph.Printed;
import java.util.ArrayList;
import java.util.List;

/// Keeps what each pass made, to be printed later.
final class Passes {
    private final List<Snapshot> snapshots = new ArrayList<>();

    /// Notes that `pass` made `program`, and returns it.
    <P extends Printed> P after(String pass, P program) {
        snapshots.add(new Snapshot(pass, program::print));
        return program;
    }

    List<Snapshot> snapshots() {
        return List.copyOf(snapshots);
    }
}
