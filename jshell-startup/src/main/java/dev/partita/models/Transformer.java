package dev.partita.models;

import static dev.partita.dsl.layer.Layers.attention;
import static dev.partita.dsl.layer.Layers.dim;
import static dev.partita.dsl.layer.Layers.embedding;
import static dev.partita.dsl.layer.Layers.feedForward;
import static dev.partita.dsl.layer.Layers.linear;
import static dev.partita.dsl.layer.Layers.positions;
import static dev.partita.dsl.layer.Layers.sequential;
import static dev.partita.dsl.layer.Layers.tiedTo;

import dev.partita.dsl.layer.Attention;
import dev.partita.dsl.layer.FeedForward;
import dev.partita.dsl.layer.Layer;
import dev.partita.dsl.layer.Layers;
import dev.partita.dsl.layer.Model;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.tensor.TensorType;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Pattern;

/// The sizes of a transformer and what its parts are; [Gpt], [MoeGpt] and [Bert] put them together.
///
/// @param layers number of blocks
/// @param hidden width of the stream between them, the dim `model`
/// @param heads of queries
/// @param keyHeads of keys and values, each serving `heads / keyHeads` heads of queries
/// @param ffn width inside the feed-forward part of a block
/// @param vocab number of tokens
/// @param sequence tokens of an example
/// @param isRotary whether attention turns queries and keys by their position; otherwise a trained
///   vector per position is added to the embedding
/// @param isGated whether the feed-forward part is SwiGLU; otherwise gelu
/// @param isTied whether the output goes through the table of the embedding
/// @param dropout rate, after the embedding and at the end of each part of a block
public record Transformer(
        int layers,
        long hidden,
        long heads,
        long keyHeads,
        long ffn,
        long vocab,
        long sequence,
        boolean isRotary,
        boolean isGated,
        boolean isTied,
        double dropout) {
    /// Of first vectors, as in GPT-2 and BERT.
    private static final double DEVIATION = 0.02;

    /// One weight of every block.
    private static final Pattern BLOCK = Pattern.compile("mix\\d+\\.query\\.weight");

    public Transformer {
        if (layers < 1) {
            throw Problem.of(ProblemCode.INVALID_ARGUMENT, "A transformer has at least one layer.")
                    .fact("layers", layers)
                    .fix("--layers 4")
                    .exception();
        }
    }

    /// One with the parts of GPT-2: as many heads of keys as of queries, trained positions, gelu, a
    /// tied output; without dropout.
    public static Transformer of(
            int layers, long hidden, long heads, long ffn, long vocab, long sequence) {
        return new Transformer(
                layers, hidden, heads, heads, ffn, vocab, sequence, false, false, true, 0);
    }

    /// A small one: 4 layers of width 256 over 256 characters.
    public static Transformer small() {
        return of(4, 256, 4, 1024, 96, 256);
    }

    /// The same with this many blocks.
    public Transformer layers(int newLayers) {
        return new Transformer(
                newLayers, hidden, heads, keyHeads, ffn, vocab, sequence, isRotary, isGated, isTied,
                dropout);
    }

    /// The same with this many heads of keys and values (Ainslie et al. 2023).
    public Transformer keyHeads(long newKeyHeads) {
        return with(newKeyHeads, isRotary, isGated, isTied, dropout);
    }

    /// The same with rotary positions (Su et al. 2021).
    public Transformer rotary() {
        return with(keyHeads, true, isGated, isTied, dropout);
    }

    /// The same with SwiGLU (Shazeer 2020).
    public Transformer swiGlu() {
        return with(keyHeads, isRotary, true, isTied, dropout);
    }

    /// The same with an output layer of its own.
    public Transformer untied() {
        return with(keyHeads, isRotary, isGated, false, dropout);
    }

    /// The same with dropout of this rate.
    public Transformer dropout(double rate) {
        return with(keyHeads, isRotary, isGated, isTied, rate);
    }

    private Transformer with(
            long newKeyHeads, boolean rotary, boolean gated, boolean tied, double rate) {
        return new Transformer(
                layers,
                hidden,
                heads,
                newKeyHeads,
                ffn,
                vocab,
                sequence,
                rotary,
                gated,
                tied,
                rate);
    }

    /// What a trained one was, found in the types of its weights; empty if they are of none.
    ///
    /// @param sequence tokens of an example, which weights alone do not tell
    public static Optional<Transformer> of(Map<String, TensorType> weights, OptionalLong sequence) {
        TensorType table = weights.get("model.weight");
        TensorType query = weights.get("mix1.query.weight");
        TensorType up = weights.getOrDefault("mlp1.up.weight", weights.get("moe1.up.weight"));
        if (table == null || query == null || up == null) {
            return Optional.empty();
        }
        long layers = weights.keySet().stream().filter(BLOCK.asMatchPredicate()).count();
        TensorType positions = weights.get("positions.weight");
        return Optional.of(
                new Transformer(
                        (int) layers,
                        table.shape().size(1),
                        query.shape().size(0) * query.shape().size(1),
                        query.shape().size(0),
                        up.shape().size(up.shape().rank() - 2),
                        table.shape().size(0),
                        positions == null
                                ? sequence.orElse(small().sequence())
                                : positions.shape().size(0),
                        positions == null,
                        weights.containsKey("mlp1.gate.weight")
                                || weights.containsKey("moe1.gate.weight"),
                        !weights.containsKey("head.weight"),
                        0));
    }

    /// The attention of block `i`, counted from 1, in which every position sees every other.
    Attention selfAttention(int i) {
        Attention plain =
                attention("mix" + i, heads).groups(keyHeads).normal(DEVIATION, ofOutputs());
        return isRotary ? plain.rotary() : plain;
    }

    /// The feed-forward part of block `i`.
    Layer mlp(int i) {
        FeedForward plain = isGated ? Layers.swiGlu("mlp" + i, ffn) : feedForward("mlp" + i, ffn);
        return plain.normal(DEVIATION, ofOutputs());
    }

    /// A residual adds up two results of every block: GPT-2 keeps their sum as it is, however many
    /// there are.
    private double ofOutputs() {
        return DEVIATION / Math.sqrt(2.0 * layers);
    }

    /// A layer with dropout after it, if there is any.
    Layer dropped(Layer layer) {
        return dropout == 0 ? layer : sequential(layer, Layers.dropout(dropout));
    }

    /// A network with dropout at its end, if there is any.
    Model dropped(Model net) {
        return dropout == 0 ? net : net.then(Layers.dropout(dropout));
    }

    /// The embedding of tokens, with positions unless attention knows them.
    Model embedded(Model begun) {
        Model net = begun.then(embedding("model", hidden).deviation(DEVIATION));
        return isRotary ? net : net.then(positions("positions"));
    }

    /// The layer that gives every token a score.
    Layer output() {
        return isTied ? tiedTo("model") : linear("head", dim("vocab", vocab)).withoutBias();
    }
}
