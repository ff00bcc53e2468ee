package dev.partita.dsl.tensor;

import java.util.Locale;

/// Element type of a tensor, with its size in bytes. Prints as the field writes it: `f32`, `bf16`,
/// `i64`.
public enum Dtype {
    /// IEEE 754 binary64.
    F64(8),
    /// IEEE 754 binary32.
    F32(4),
    /// bfloat16: the upper half of a binary32.
    BF16(2),
    /// IEEE 754 binary16.
    F16(2),
    /// Signed 64-bit integer: step and random counters.
    I64(8),
    /// Signed 32-bit integer: labels and token ids.
    I32(4),
    /// Unsigned byte: positions inside a pooling window.
    U8(1);

    private final int bytes;

    Dtype(int bytes) {
        this.bytes = bytes;
    }

    /// Size of one element in bytes.
    public int bytes() {
        return bytes;
    }

    /// True for `f64`, `f32`, `bf16` and `f16`: the types that gradients exist for.
    public boolean isFloating() {
        return this == F64 || this == F32 || this == BF16 || this == F16;
    }

    /// The type whose printed form is `text`.
    ///
    /// @throws IllegalArgumentException if no type prints so
    public static Dtype parse(String text) {
        return valueOf(text.toUpperCase(Locale.ROOT));
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
