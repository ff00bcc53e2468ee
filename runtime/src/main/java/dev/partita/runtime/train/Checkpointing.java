package dev.partita.runtime.train;

import java.nio.file.Path;

/// Where and how often checkpoints of a training are written.
///
/// @param folder of this training alone
/// @param every steps from one to the next, or 0 for one after every epoch
/// @param resume whether training goes on from the last one
record Checkpointing(Path folder, int every, boolean resume) {
    Checkpointing resumed() {
        return new Checkpointing(folder, every, true);
    }
}
