package dev.partita.peer;

import java.util.ArrayList;
import java.util.List;

/// Convolution, relu and pooling, twice, and two linear layers. Partita's images and weights are
/// channels-last; libtorch counts channels second, wherever they lie.
record ConvNet(boolean bf16) implements Network {
    private static final String SCRIPT =
            """
            def lie(x: Tensor) -> Tensor:
              return LIE

            def weights(given: List[Tensor]) -> List[Tensor]:
              return [lie(given[0].permute(0, 3, 1, 2)), given[1],
                      lie(given[2].permute(0, 3, 1, 2)), given[3],
                      given[4], given[5], given[6], given[7]]

            def examples(x: Tensor) -> Tensor:
              return lie(x.permute(0, 3, 1, 2))

            def loss(w: List[Tensor], x: Tensor, labels: Tensor) -> Tensor:
              x = c(x)
              x = torch.max_pool2d(torch.relu(torch.conv2d(x, c(w[0]), c(w[1]))), [2, 2])
              x = torch.max_pool2d(torch.relu(torch.conv2d(x, c(w[2]), c(w[3]))), [2, 2])
              x = x.permute(0, 2, 3, 1).flatten(1)
              x = torch.relu(torch.linear(x, c(w[4]), c(w[5])))
              x = torch.linear(x, c(w[6]), c(w[7]))
              return torch.cross_entropy_loss(x.float(), labels)
            """;

    @Override
    public List<Variant> variants() {
        var variants = new ArrayList<Variant>();
        for (boolean last : List.of(true, false)) {
            variants.add(variant(last, bf16, false));
            if (bf16) {
                variants.add(variant(last, false, true));
            }
        }
        return variants;
    }

    private Variant variant(boolean last, boolean cast, boolean autocast) {
        int channelsLast = 2;
        String lie =
                last
                        ? "torch.contiguous(x, memory_format=%d)".formatted(channelsLast)
                        : "x.contiguous()";
        return new Variant(
                (last ? "channels-last" : "channels-first")
                        + (cast ? ",casts" : "")
                        + (autocast ? ",autocast" : ""),
                Network.cast(cast) + SCRIPT.replace("LIE", lie),
                Update.ADAM,
                autocast,
                true);
    }
}
