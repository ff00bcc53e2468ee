package dev.partita.dsl.layer;

import dev.partita.dsl.graph.Elementwise;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/// How a person writes a model in the words of [Layers], all imported statically: what it gives
/// back is the same model again. What the words leave out because it is usual is left out here too.
public final class Spelling {
    private static final String NEXT_LINE = "\n";

    private Spelling() {}

    /// A model, each `then` at the beginning of a line. Neighbours that a user added in one list
    /// are added in one list.
    public static String of(Model model) {
        var text = new StringBuilder();
        text.append(word("model", quoted(model.name()), of(model.input().word())));
        int at = 0;
        for (List<Line<Layer>> together : together(model)) {
            if (model.stages().contains(at)) {
                text.append(NEXT_LINE).append(word(".stage"));
            }
            at += together.size();
            List<String> layers = together.stream().map(line -> of(line.word())).toList();
            text.append(NEXT_LINE)
                    .append(
                            layers.size() == 1
                                    ? word(".then", layers.getFirst())
                                    : word(".then", list(layers)));
        }
        model.loss()
                .ifPresent(loss -> text.append(NEXT_LINE).append(word(".loss", of(loss.word()))));
        return text.toString();
    }

    /// Neighbours that stand on one line and in one stage.
    private static List<List<Line<Layer>>> together(Model model) {
        List<List<Line<Layer>>> all = new ArrayList<>();
        for (int i = 0; i < model.layers().size(); i++) {
            Line<Layer> line = model.layers().get(i);
            boolean joins =
                    !all.isEmpty()
                            && !model.stages().contains(i)
                            && line.origin().isKnown()
                            && all.getLast().getLast().origin().equals(line.origin());
            if (!joins) {
                all.add(new ArrayList<>());
            }
            all.getLast().add(line);
        }
        return all;
    }

    private static String list(List<String> layers) {
        String next = NEXT_LINE + "        ";
        return "List.of(" + next + String.join("," + next, layers) + ")";
    }

    public static String of(ModelInput input) {
        return switch (input) {
            case ModelInput.Image image ->
                    word(
                            "image",
                            quoted(image.name()),
                            of(image.channels()),
                            of(image.height()),
                            of(image.width()));
            case ModelInput.Features features ->
                    word("features", quoted(features.name()), of(features.size()));
            case ModelInput.Tokens tokens ->
                    word(
                            "tokens",
                            quoted(tokens.name()),
                            of(tokens.length()),
                            of(tokens.vocabulary()));
        };
    }

    /// A layer in one line.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `Unsupported` for a layer of the user's own
    public static String of(Layer layer) {
        return switch (layer) {
            case Activation activation -> word(nameOf(activation.function()));
            case Attention attention -> of(attention);
            case AveragePool _ -> word("averagePool");
            case BatchNormalization norm ->
                    word("batchNorm", quoted(norm.name()))
                            + (norm.groups() == 1 ? "" : word(".local", of(norm.groups())));
            case Convolution convolution -> of(convolution);
            case Dropout dropout -> word("dropout", of(dropout.rate()));
            case Embedding embedding -> of(embedding);
            case Experts experts -> of(experts);
            case FeedForward feedForward -> of(feedForward);
            case Flatten _ -> word("flatten");
            case LayerNorm norm -> word("layerNorm", quoted(norm.name()));
            case Linear linear -> of(linear);
            case MaxPool pool ->
                    pool.size() == pool.stride()
                            ? word("maxPool", of(pool.size()))
                            : word("maxPool", of(pool.size()), of(pool.stride()));
            case Positions positions -> word("positions", quoted(positions.name()));
            case Residual residual -> of(residual);
            case RmsNorm norm -> word("rmsNorm", quoted(norm.name()));
            case Segments segments ->
                    word("segments", quoted(segments.name()), of(segments.count()));
            case Sequential sequential -> word("sequential", all(sequential.layers()));
            case Softmax _ -> word("softmax");
            case Tied tied -> word("tiedTo", quoted(tied.embedding()));
            case Layer.Own own -> throw unspelled("layer", own.kind());
        };
    }

    private static String nameOf(Elementwise.Unary function) {
        return switch (function) {
            case Elementwise.Relu _ -> "relu";
            case Elementwise.Gelu _ -> "gelu";
            case Elementwise.Silu _ -> "silu";
            case Elementwise.Tanh _ -> "tanh";
            case Elementwise.SquareRoot _,
                    Elementwise.ClipFactor _,
                    Elementwise.Reciprocal _,
                    Elementwise.MeanWeight _,
                    Elementwise.Scale _ ->
                    throw unspelled("function", function.toString());
        };
    }

    private static String of(Attention attention) {
        String groups =
                attention.groups() == attention.heads()
                        ? ""
                        : word(".groups", of(attention.groups()));
        return word("attention", quoted(attention.name()), of(attention.heads()))
                + groups
                + (attention.isCausal() ? word(".causal") : "")
                + (attention.isRotary() ? word(".rotary") : "")
                + attention.first().map(Spelling::normal).orElse("")
                + (attention.biased() ? "" : word(".withoutBias"));
    }

    private static String of(Convolution conv) {
        String plain =
                conv.stride() == 1 && conv.padding() == 0
                        ? word(
                                "conv2d",
                                quoted(conv.name()),
                                of(conv.channels()),
                                of(conv.kernel()))
                        : word(
                                "conv2d",
                                quoted(conv.name()),
                                of(conv.channels()),
                                of(conv.kernel()),
                                of(conv.stride()),
                                of(conv.padding()));
        return plain + (conv.biased() ? "" : word(".withoutBias"));
    }

    private static String of(Embedding embedding) {
        String name = quoted(embedding.name());
        String plain =
                embedding.vocabulary().isPresent()
                        ? word(
                                "embedding",
                                name,
                                of(embedding.size()),
                                of(embedding.vocabulary().getAsLong()))
                        : word("embedding", name, of(embedding.size()));
        double deviation = embedding.initialDeviation();
        return plain + (deviation == 1 ? "" : word(".deviation", of(deviation)));
    }

    private static String of(Experts experts) {
        Experts usual = Layers.experts(experts.name(), experts.count(), experts.hidden());
        String choices =
                experts.choices() == usual.choices() ? "" : word(".topK", of(experts.choices()));
        String capacity =
                switch (experts.capacity()) {
                    case Capacity.Unstated _ -> "";
                    case Capacity.Factor factor -> word(".capacity", of(factor.factor()));
                    case Capacity.Dropless _ -> word(".dropless");
                };
        String auxiliary =
                experts.auxiliary() == usual.auxiliary()
                        ? ""
                        : word(".auxiliary", of(experts.auxiliary()));
        return word("experts", quoted(experts.name()), of(experts.count()), of(experts.hidden()))
                + choices
                + capacity
                + auxiliary
                + (experts.gated() ? word(".swiGlu") : "");
    }

    private static String of(FeedForward layer) {
        String plain =
                layer.gated()
                        ? word("swiGlu", quoted(layer.name()), of(layer.hidden()))
                        : word("feedForward", quoted(layer.name()), of(layer.hidden()));
        return plain
                + layer.first().map(Spelling::normal).orElse("")
                + (layer.biased() || layer.gated() ? "" : word(".withoutBias"));
    }

    private static String of(Linear linear) {
        String size = of(linear.out().size());
        String out =
                linear.out().name().equals(linear.name())
                        ? size
                        : word("dim", quoted(linear.out().name()), size);
        return word("linear", quoted(linear.name()), out)
                + (linear.biased() ? "" : word(".withoutBias"));
    }

    private static String of(Residual residual) {
        List<Layer> skip = residual.skip().layers();
        return word("residual", all(residual.inner().layers()))
                + (skip.isEmpty() ? "" : word(".shortcut", all(skip)));
    }

    private static String normal(Deviations first) {
        return word(".normal", of(first.inside()), of(first.output()));
    }

    private static String[] all(List<Layer> layers) {
        return layers.stream().map(Spelling::of).toArray(String[]::new);
    }

    public static String of(Loss loss) {
        String summed = loss.summed().isEmpty() ? "" : word(".summedOver", quoted(loss.summed()));
        return switch (loss) {
            case Loss.CrossEntropy entropy ->
                    word("crossEntropy")
                            + (entropy.smoothing() == 0
                                    ? ""
                                    : word(".labelSmoothing", of(entropy.smoothing())))
                            + (entropy.ignored().isPresent()
                                    ? word(".ignoring", of(entropy.ignored().getAsInt()))
                                    : "")
                            + summed;
            case Loss.MeanSquared _ -> word("meanSquared") + summed;
        };
    }

    /// A word with what it is given.
    public static String word(String name, String... arguments) {
        return name + Arrays.stream(arguments).collect(Collectors.joining(", ", "(", ")"));
    }

    /// A text as a literal of Java.
    public static String quoted(String text) {
        return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n") + '"';
    }

    /// Names as arguments.
    public static String[] quoted(List<String> names) {
        return names.stream().map(Spelling::quoted).toArray(String[]::new);
    }

    /// A number as a literal of Java.
    public static String of(long number) {
        return number == (int) number ? String.valueOf(number) : number + "L";
    }

    /// A number as a literal of Java.
    public static String of(double number) {
        return number == (long) number && Math.abs(number) < 1e6
                ? String.valueOf((long) number)
                : String.valueOf(number);
    }

    static RuntimeException unspelled(String what, String name) {
        return Problem.of(
                        ProblemCode.UNSUPPORTED,
                        "There is no word or annotation for this " + what + ".")
                .fact(what, name)
                .fix("add it to a model with .then(new …)")
                .exception();
    }
}
