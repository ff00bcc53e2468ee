package dev.partita.runtime.state;

import java.util.Objects;

/// Where a training is, apart from its tensors.
///
/// @param step number of complete steps: where the learning rate is, and the random numbers of
///   dropout
/// @param seed of first weights, order and variation of the examples
/// @param epoch the epoch of the next batch, from 0
/// @param offset examples of that epoch that were used already
/// @param batch examples of a step
/// @param data what a person calls the examples
/// @param examples how many there are, and of which shape
/// @param tested number of complete steps at the last test
/// @param optimizer printed, with its learning rate
/// @param augmentation printed
public record TrainingPoint(
        long step,
        long seed,
        int epoch,
        int offset,
        int batch,
        String data,
        String examples,
        long tested,
        String optimizer,
        String augmentation) {
    public TrainingPoint {
        Objects.requireNonNull(data);
        Objects.requireNonNull(examples);
        Objects.requireNonNull(optimizer);
        Objects.requireNonNull(augmentation);
    }
}
