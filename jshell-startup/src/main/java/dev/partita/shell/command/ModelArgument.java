package dev.partita.shell.command;

import dev.partita.dsl.layer.Model;
import dev.partita.models.ModelCatalog;
import picocli.CommandLine.Parameters;

/// The model that a command is about.
final class ModelArgument {
    @Parameters(
            paramLabel = "MODEL",
            description =
                    "mlp, convnet, resnet18, or a public class with a method: public static Model model().")
    private String name = "";

    Model model() {
        return ModelCatalog.named(name);
    }
}
