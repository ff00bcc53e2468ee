package dev.partita.shell.bench;

import static dev.partita.dsl.layer.Layers.adam;
import static dev.partita.dsl.layer.Layers.adamW;
import static dev.partita.dsl.layer.Layers.crossEntropy;
import static dev.partita.dsl.layer.Layers.features;
import static dev.partita.dsl.layer.Layers.linear;
import static dev.partita.dsl.layer.Layers.relu;
import static dev.partita.dsl.layer.Layers.sgd;

import dev.partita.compiler.Precision;
import dev.partita.dsl.layer.Layers;
import dev.partita.dsl.layer.Model;
import dev.partita.dsl.layer.Optimizer;
import dev.partita.models.ConvNet;
import dev.partita.models.Gpt;
import dev.partita.models.Mlp;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// A training step that is measured: a model, its optimizer, and how many examples a step takes.
public enum Workload {
    /// GPT-2 in small: 4 layers, width 256, 4 heads, 256 tokens of 96, 3.2 million weights.
    GPT("gpt", 16, 96),
    /// Two convolutions and two linear layers on handwritten digits.
    CONVNET("convnet", 256, 10),
    /// The multilayer perceptron 784-512-512-10.
    MLP("mlp", 256, 10),
    /// The network 10-5-2, ten examples a step: so little arithmetic that only overhead counts.
    TINY("tiny", 10, 2);

    private final String word;
    private final int batch;
    private final int classes;

    Workload(String word, int batch, int classes) {
        this.word = word;
        this.batch = batch;
        this.classes = classes;
    }

    public Model model() {
        return switch (this) {
            case GPT -> Gpt.model();
            case CONVNET -> ConvNet.model();
            case MLP -> Mlp.model();
            case TINY -> tinyModel();
        };
    }

    public Optimizer optimizer() {
        return switch (this) {
            case GPT -> adamW(1e-3);
            case CONVNET, MLP -> adam(1e-3);
            case TINY -> sgd(1e-3);
        };
    }

    private static Model tinyModel() {
        return Layers.model("tiny", features("numbers", 10))
                .then(linear("hidden", 5))
                .then(relu())
                .then(linear("classes", 2))
                .loss(crossEntropy());
    }

    /// The workload that is called so on the command line.
    public static Optional<Workload> named(String word) {
        return Arrays.stream(values()).filter(each -> each.word.equals(word)).findFirst();
    }

    /// What the workloads are called on the command line.
    public static List<String> words() {
        return Arrays.stream(values()).map(each -> each.word).toList();
    }

    public String word() {
        return word;
    }

    /// Examples a step takes, unless the user says otherwise.
    public int batch() {
        return batch;
    }

    /// Labels, and tokens where the input is tokens, are below this.
    public int classes() {
        return classes;
    }

    /// The precisions it is measured in, unless the user says otherwise.
    public List<Precision> precisions() {
        return this == TINY ? List.of(Precision.F32) : List.of(Precision.F32, Precision.BF16);
    }

    /// The numbers of devices it is measured on, unless the user says otherwise.
    public List<Integer> devices() {
        return this == TINY ? List.of(1) : List.of(1, 2);
    }
}
