package dev.partita.shell.command;

import dev.partita.dsl.layer.Model;
import dev.partita.dsl.layer.ModelInput;
import dev.partita.runtime.data.DataSplit;
import dev.partita.runtime.data.Examples;
import dev.partita.runtime.data.GeneratedDigits;
import dev.partita.runtime.data.GeneratedText;
import dev.partita.runtime.data.Mnist;
import dev.partita.runtime.data.Text;
import dev.partita.runtime.data.TextSplit;
import dev.partita.runtime.train.Foresight;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// What a model is trained on.
final class DataOption {
    @Option(
            names = "--data",
            paramLabel = "PATH",
            description = {
                "Folder with the four MNIST files, gzipped or not. Default: generated digits.",
                "For a model of tokens a text file in UTF-8. Default: generated text."
            })
    private @Nullable Path path;

    private @Nullable Text text;

    DataSplit read(long seed) {
        return path == null ? GeneratedDigits.of(seed) : Mnist.read(path);
    }

    /// Examples to train on, and others to test with.
    record Parts(Examples train, Examples test) {}

    /// What fits a model: windows of a text if it reads tokens, of which some are hidden if it sees
    /// more than those before; else digits.
    Parts of(Model model, long seed) {
        if (model.input().word() instanceof ModelInput.Tokens tokens) {
            TextSplit split = text(seed).windows(Math.toIntExact(tokens.length()));
            TextSplit fitting = Foresight.of(model) ? split.hidden() : split;
            return new Parts(fitting.train(), fitting.test());
        }
        DataSplit split = read(seed);
        return new Parts(split.train(), split.test());
    }

    /// The text, read once.
    Text text(long seed) {
        if (text == null) {
            text = path == null ? GeneratedText.of(seed) : Text.read(path);
        }
        return text;
    }
}
