package dev.partita.peer;

import java.util.List;
import java.util.stream.Stream;

/// Fully connected layers with relu between them.
record Perceptron(boolean bf16, List<Update> updates) implements Network {
    private static final String SCRIPT =
            """
            def weights(given: List[Tensor]) -> List[Tensor]:
              return given

            def examples(x: Tensor) -> Tensor:
              return x.flatten(1)

            def loss(w: List[Tensor], x: Tensor, labels: Tensor) -> Tensor:
              x = c(x)
              for i in range(0, len(w) - 2, 2):
                x = torch.relu(torch.linear(x, c(w[i]), c(w[i + 1])))
              x = torch.linear(x, c(w[-2]), c(w[-1]))
              return torch.cross_entropy_loss(x.float(), labels)
            """;

    static Perceptron mlp(boolean bf16) {
        return new Perceptron(bf16, List.of(Update.ADAM));
    }

    static Perceptron tiny(boolean bf16) {
        return new Perceptron(bf16, List.of(Update.FUSED_SGD, Update.FOREACH_SGD));
    }

    @Override
    public List<Variant> variants() {
        return updates.stream().flatMap(this::variants).toList();
    }

    private Stream<Variant> variants(Update update) {
        Variant plain = variant(update, bf16 ? "casts" : "plain", bf16, false);
        return bf16 ? Stream.of(plain, variant(update, "autocast", false, true)) : Stream.of(plain);
    }

    private Variant variant(Update update, String name, boolean cast, boolean autocast) {
        String whole = updates.size() == 1 ? name : name + "," + update.word();
        return new Variant(whole, Network.cast(cast) + SCRIPT, update, autocast, true);
    }
}
