package dev.partita.compiler.pipeline;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;

/// Writes down the work of one device of a V: stage `d` on the way there and stage `2p - 1 - d` on
/// the way back, each taking its micro-batches in turn. Micro-batches beyond the last are left out,
/// so that an order for many serves few as well.
final class ChunkCounter {
    private final int there;
    private final int back;
    private final int microBatches;
    private final int[] forwards = new int[2];
    private final int[] backwards = new int[2];
    private final Queue<PipelineAction> owed = new ArrayDeque<>();
    private final List<PipelineAction> actions = new ArrayList<>();

    ChunkCounter(int device, int devices, int microBatches) {
        this.there = device;
        this.back = 2 * devices - 1 - device;
        this.microBatches = microBatches;
    }

    private int stage(int chunk) {
        return chunk == 0 ? there : back;
    }

    /// The next forward of a chunk.
    ChunkCounter f(int chunk) {
        return add(PipelineAction.forward(stage(chunk), forwards[chunk]++));
    }

    /// The next backward of a chunk, whole.
    ChunkCounter b(int chunk) {
        return add(PipelineAction.backward(stage(chunk), backwards[chunk]++));
    }

    /// The gradients of inputs of a chunk's next backward; those of weights are owed.
    ChunkCounter inputs(int chunk) {
        owed.add(PipelineAction.weights(stage(chunk), backwards[chunk]));
        return b(chunk);
    }

    /// What is owed longest.
    ChunkCounter w() {
        return add(owed.remove());
    }

    /// What is owed longest of one chunk.
    ChunkCounter w(int chunk) {
        PipelineAction first =
                owed.stream().filter(a -> a.stage() == stage(chunk)).findFirst().orElseThrow();
        owed.remove(first);
        return add(first);
    }

    /// True if gradients of weights of a chunk are owed.
    boolean owes(int chunk) {
        return owed.stream().anyMatch(a -> a.stage() == stage(chunk));
    }

    int forwards(int chunk) {
        return forwards[chunk];
    }

    private ChunkCounter add(PipelineAction action) {
        if (action.microBatch() < microBatches) {
            actions.add(action);
        }
        return this;
    }

    List<PipelineAction> actions() {
        return actions;
    }
}
