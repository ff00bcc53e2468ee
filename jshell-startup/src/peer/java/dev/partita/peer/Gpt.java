package dev.partita.peer;

import java.util.ArrayList;
import java.util.List;

/// GPT-2 with one matmul for queries, keys and values of all heads, as it is usual in libtorch.
record Gpt(boolean bf16) implements Network {
    private static final String SCRIPT =
            """
            def weights(given: List[Tensor]) -> List[Tensor]:
              width = given[0].size(1)
              w = [given[0], given[1]]
              for i in range(2, len(given) - 2, 15):
                query, key, value = given[i + 2], given[i + 4], given[i + 5]
                bias = given[i + 3].flatten()
                w.append(given[i])
                w.append(given[i + 1])
                w.append(torch.cat([query.reshape(width, width), key.reshape(width, width),
                                    value.reshape(width, width)]))
                w.append(torch.cat([bias, torch.zeros_like(bias), given[i + 6].flatten()]))
                w.append(given[i + 7].reshape(width, width))
                for j in range(8, 15):
                  w.append(given[i + j])
              w.append(given[-2])
              w.append(given[-1])
              return w

            def examples(x: Tensor) -> Tensor:
              return x

            def loss(w: List[Tensor], tokens: Tensor, labels: Tensor) -> Tensor:
              batch, length, width, heads = tokens.size(0), tokens.size(1), w[0].size(1), 4
              x = c(torch.embedding(w[0], tokens) + w[1])
              mask = torch.full([length, length], float("-inf"), dtype=x.dtype).triu(1)
              for i in range(2, len(w) - 2, 12):
                y = torch.layer_norm(x, [width], c(w[i]), c(w[i + 1]))
                qkv = torch.linear(y, c(w[i + 2]), c(w[i + 3]))
                qkv = qkv.view(batch, length, 3, heads, width // heads).permute(2, 0, 3, 1, 4)
                q, k, v = torch.unbind(qkv, 0)
                y = attend(q, k, v, mask).transpose(1, 2).reshape(batch, length, width)
                x = x + torch.linear(y, c(w[i + 4]), c(w[i + 5]))
                y = torch.layer_norm(x, [width], c(w[i + 6]), c(w[i + 7]))
                y = torch.gelu(torch.linear(y, c(w[i + 8]), c(w[i + 9])))
                x = x + torch.linear(y, c(w[i + 10]), c(w[i + 11]))
              x = torch.layer_norm(x, [width], c(w[-2]), c(w[-1]))
              logits = torch.linear(x, c(w[0])).flatten(0, 1)
              return torch.cross_entropy_loss(logits.float(), labels.flatten())
            """;

    /// libtorch's own: blockwise, or with all pairs if it may not be blockwise.
    private static final String OWN =
            """
            def attend(q: Tensor, k: Tensor, v: Tensor, mask: Tensor) -> Tensor:
              return torch.scaled_dot_product_attention(q, k, v, None, 0.0, True)
            """;

    /// All pairs in plain words.
    private static final String PLAIN =
            """
            def attend(q: Tensor, k: Tensor, v: Tensor, mask: Tensor) -> Tensor:
              scores = torch.matmul(q * q.size(3) ** -0.5, k.transpose(2, 3)) + mask
              return torch.matmul(torch.softmax(scores, -1), v)
            """;

    /// All pairs, scale and mask inside the matmul.
    private static final String BATCHED =
            """
            def attend(q: Tensor, k: Tensor, v: Tensor, mask: Tensor) -> Tensor:
              scores = torch.baddbmm(mask, q.flatten(0, 1), k.flatten(0, 1).transpose(1, 2), beta=1,
                                     alpha=q.size(3) ** -0.5)
              y = torch.bmm(torch.softmax(scores, -1), v.flatten(0, 1))
              return y.view(q.size(0), q.size(1), q.size(2), q.size(3))
            """;

    @Override
    public List<Variant> variants() {
        var variants = new ArrayList<Variant>();
        for (boolean autocast : bf16 ? List.of(false, true) : List.of(false)) {
            variants.add(variant("batched-attention", BATCHED, autocast, false));
            variants.add(variant("plain-attention", PLAIN, autocast, false));
            variants.add(variant("math-attention", OWN, autocast, false));
            variants.add(variant("flash-attention", OWN, autocast, true));
        }
        return variants;
    }

    private Variant variant(String name, String attention, boolean autocast, boolean flash) {
        return new Variant(
                name + (autocast ? ",autocast" : bf16 ? ",casts" : ""),
                Network.cast(bf16 && !autocast) + attention + SCRIPT,
                Update.ADAMW,
                autocast,
                flash);
    }
}
