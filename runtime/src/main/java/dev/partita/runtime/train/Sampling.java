package dev.partita.runtime.train;

import static dev.partita.compiler.CompileOptions.on;

import dev.partita.compiler.Compiler;
import dev.partita.dsl.layer.Model;
import dev.partita.dsl.layer.ModelInput;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.kernels.KernelLibrary;
import dev.partita.runtime.data.Vocabulary;
import dev.partita.runtime.execute.Session;
import dev.partita.runtime.execute.SessionOptions;
import dev.partita.runtime.state.Checkpoint;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/// A trained model of characters that is to write. Immutable; every call returns a new one, and
/// [#text], [#print] and [#write] write. It writes with the weights that tested best.
///
/// ```java
/// sample(net, "run").prompt("ROMEO:").temperature(0.8).print(500)
/// ```
///
/// Every character is drawn from what the model predicts after those before it, as many as an
/// example has. The same seed writes the same text.
public final class Sampling {
    private final Model model;
    private final Checkpoint checkpoint;
    private final KernelLibrary kernels;
    private final Vocabulary vocabulary;
    private final int context;
    private String prompt;
    private double temperature = 0.8;
    private long seed = 1;

    private Sampling(
            Model model, Checkpoint checkpoint, KernelLibrary kernels, Vocabulary vocabulary) {
        this.model = model;
        this.checkpoint = checkpoint;
        this.kernels = kernels;
        this.vocabulary = vocabulary;
        context = context(model);
        prompt = vocabulary.covers("\n") ? "\n" : vocabulary.decode(0);
    }

    /// Writing with a model and what it has learnt, beginning with a new line, at temperature 0.8.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `Unsupported` if the model reads no tokens,
    ///   `CheckpointMismatch` if the checkpoint is not one of a text
    public static Sampling of(Model model, Checkpoint checkpoint, KernelLibrary kernels) {
        Vocabulary vocabulary =
                checkpoint
                        .vocabulary()
                        .map(Vocabulary::of)
                        .orElseThrow(() ->
                                Problem.of(
                                                ProblemCode.CHECKPOINT_MISMATCH,
                                                "The checkpoint was not trained on text: it knows no characters.")
                                        .fact("checkpoint", checkpoint.folder())
                                        .fact("trained on", checkpoint.point().data())
                                        .fix("a checkpoint of a model of tokens")
                                        .exception());
        return new Sampling(model, checkpoint, kernels, vocabulary);
    }

    private static int context(Model model) {
        if (Foresight.of(model)) {
            throw Problem.of(
                            ProblemCode.UNSUPPORTED,
                            "Only a model that sees no later tokens writes one after the other.")
                    .fact("model", model.name())
                    .fix("a model of causal attention, such as gpt")
                    .exception();
        }
        if (model.input().word() instanceof ModelInput.Tokens tokens) {
            return Math.toIntExact(tokens.length());
        }
        throw Problem.of(ProblemCode.UNSUPPORTED, "Only a model that reads tokens writes text.")
                .fact("model", model.name())
                .fact("it reads", model.input().word())
                .fix("a model such as gpt")
                .exception();
    }

    private Sampling copy() {
        var copy = new Sampling(model, checkpoint, kernels, vocabulary);
        copy.prompt = prompt;
        copy.temperature = temperature;
        copy.seed = seed;
        return copy;
    }

    /// What the text begins with.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `InvalidArgument` if it is empty or has a
    ///   character that the model has never seen
    public Sampling prompt(String newPrompt) {
        if (newPrompt.isEmpty()) {
            throw Problem.of(
                            ProblemCode.INVALID_ARGUMENT,
                            "A text begins with at least one character.")
                    .fix("leave the prompt out, and it begins with a new line")
                    .exception();
        }
        String unknown =
                newPrompt
                        .codePoints()
                        .distinct()
                        .mapToObj(Character::toString)
                        .filter(each -> !vocabulary.covers(each))
                        .collect(Collectors.joining(" "));
        if (!unknown.isEmpty()) {
            throw Problem.of(
                            ProblemCode.INVALID_ARGUMENT,
                            "The prompt has characters that the model has never seen.")
                    .fact("never seen", unknown)
                    .fix("characters of " + vocabulary.characters().replace("\n", "\\n"))
                    .exception();
        }
        Sampling copy = copy();
        copy.prompt = newPrompt;
        return copy;
    }

    /// How freely it chooses: 1 as the model predicts, less for what is more likely, 0 for what is
    /// most likely.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `InvalidArgument` unless it is a number
    ///   that is not negative
    public Sampling temperature(double newTemperature) {
        if (!(newTemperature >= 0 && newTemperature < Double.POSITIVE_INFINITY)) {
            throw Problem.of(
                            ProblemCode.INVALID_ARGUMENT,
                            "A temperature is a number, zero or more.")
                    .fact("temperature", newTemperature)
                    .fix("write for example temperature(0.8)")
                    .exception();
        }
        Sampling copy = copy();
        copy.temperature = newTemperature;
        return copy;
    }

    /// Chooses among texts.
    public Sampling seed(long newSeed) {
        Sampling copy = copy();
        copy.seed = newSeed;
        return copy;
    }

    /// The prompt and `length` characters after it.
    public String text(int length) {
        var text = new StringBuilder();
        write(length, text::append);
        return text.toString();
    }

    /// Writes [#text] to standard output, character by character.
    public void print(int length) {
        write(
                length,
                piece -> {
                    System.out.print(piece);
                    System.out.flush();
                });
        System.out.println();
    }

    /// Hands on the prompt, then `length` characters as they are written.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `InvalidArgument` below 1,
    ///   `CheckpointMismatch` if the model is not the one that was trained, `Interrupted`
    public void write(int length, Consumer<String> reader) {
        if (length < 1) {
            throw Problem.of(
                            ProblemCode.INVALID_ARGUMENT, "A text grows by at least one character.")
                    .fact("length", length)
                    .fix("write for example text(500)")
                    .exception();
        }
        var options = on(Mesh.ONE_DEVICE).batch(1);
        var plan = Compiler.compileForward(model, options).plan();
        try (var session = Session.open(plan, new SessionOptions(kernels, seed))) {
            checkpoint.restoreBest(model, session.held());
            reader.accept(prompt);
            var draws = new CharacterDraws(vocabulary.size(), temperature, seed);
            var window = new TokenWindow(context, vocabulary.encode(prompt));
            for (int i = 0; i < length; i++) {
                session.feed().put(model.input().word().name(), window.tokens());
                session.run();
                int token = draws.next(session.gather("prediction"), window.last());
                window.add(token);
                reader.accept(vocabulary.decode(token));
            }
        }
    }

    /// In one line.
    @Override
    public String toString() {
        return "writing of %s after %,d steps, not begun: say print(500)"
                .formatted(model.name(), checkpoint.point().step());
    }
}
