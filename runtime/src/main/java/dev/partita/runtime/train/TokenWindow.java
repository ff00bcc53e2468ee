package dev.partita.runtime.train;

import dev.partita.dsl.tensor.Dim;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.dsl.tensor.TensorType;
import dev.partita.runtime.state.HostTensor;

/// The last tokens of a text that grows, as many as a model reads. While there are fewer, zeros
/// follow them, which a position never sees that comes before.
final class TokenWindow {
    private final HostTensor tokens;
    private int count;

    /// @param size tokens that the model reads
    TokenWindow(int size, int[] text) {
        tokens =
                HostTensor.zeros(
                        TensorType.of(Dtype.I32, new Dim("batch", 1), new Dim("position", size)));
        for (int token : text) {
            add(token);
        }
    }

    void add(int token) {
        if (count == tokens.elements()) {
            long width = Integer.BYTES;
            long rest = tokens.memory().byteSize() - width;
            tokens.memory().asSlice(0, rest).copyFrom(tokens.memory().asSlice(width, rest));
            count--;
        }
        tokens.set(count++, token);
    }

    /// Type `i32[batch=1, position=size]`.
    HostTensor tokens() {
        return tokens;
    }

    /// Where the last token is.
    int last() {
        return count - 1;
    }
}
