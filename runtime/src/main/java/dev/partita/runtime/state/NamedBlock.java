package dev.partita.runtime.state;

import dev.partita.dsl.tensor.TensorType;
import dev.partita.kernels.Buffer;

/// A block of a tensor that outlives a step, where it lies in memory.
///
/// @param name of the tensor
/// @param role what the tensor is to the training
public record NamedBlock(String name, Role role, Buffer buffer) {
    /// What a tensor is to the training.
    public enum Role {
        /// A weight.
        PARAMETER,
        /// Optimizer state, a loss scale, a running average.
        STATE,
        /// A weight or running average as it was when tests were best.
        BEST
    }

    /// A tensor in one piece, as it was when tests were best.
    ///
    /// @param name of the tensor that it is a copy of
    static NamedBlock best(String name, HostTensor tensor) {
        return new NamedBlock(
                bestOf(name), Role.BEST, Buffer.whole(tensor.type(), tensor.memory()));
    }

    /// Name that a checkpoint has for the best copy of a tensor.
    static String bestOf(String name) {
        return "best/" + name;
    }

    /// Type of the whole tensor.
    TensorType whole() {
        return new TensorType(buffer.type().dtype(), buffer.region().whole());
    }
}
