package dev.partita.runtime.state;

import dev.partita.compiler.CompileOptions;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/// What is remembered of how a model was placed. Nothing is decided by it: a checkpoint is read on
/// any mesh.
///
/// @param asked what the user asked to be split, as one would type it
record StoredStrategy(String mesh, List<String> asked, long microBatches, String precision) {
    StoredStrategy {
        Objects.requireNonNull(mesh);
        asked = List.copyOf(asked);
        Objects.requireNonNull(precision);
    }

    static StoredStrategy of(CompileOptions options) {
        List<String> asked =
                Stream.concat(options.shards().stream(), options.zero().stream())
                        .map(String::valueOf)
                        .toList();
        return new StoredStrategy(
                options.mesh().toString(),
                asked,
                options.microBatches(),
                options.precision().toString());
    }
}
