package dev.partita.peer;

import java.util.List;

/// A network that libtorch trains, in all the ways that could be its fastest.
interface Network {
    List<Variant> variants();

    static Network named(String word, boolean bf16) {
        return switch (word) {
            case "gpt" -> new Gpt(bf16);
            case "convnet" -> new ConvNet(bf16);
            case "mlp" -> Perceptron.mlp(bf16);
            case "tiny" -> Perceptron.tiny(bf16);
            default -> throw new IllegalArgumentException(word);
        };
    }

    /// A function `c` that brings tensors into the type to compute in.
    ///
    /// @param cast false if they stay as they are, or autocast does it
    static String cast(boolean cast) {
        int bfloat16 = 15;
        return """
        def c(x: Tensor) -> Tensor:
          return %s
        """
                .formatted(cast ? "x.to(dtype=%d)".formatted(bfloat16) : "x");
    }
}
