package dev.partita.compiler;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/// Keeps what each pass made, to be printed later.
final class Passes {
    private final List<Snapshot> snapshots = new ArrayList<>();

    /// Notes that `pass` made `program`, and returns it.
    <T> T after(String pass, T program, Function<T, String> print) {
        snapshots.add(new Snapshot(pass, () -> print.apply(program)));
        return program;
    }

    List<Snapshot> snapshots() {
        return List.copyOf(snapshots);
    }
}
