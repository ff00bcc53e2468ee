package dev.partita.shell.command;

import static dev.partita.dsl.layer.Layers.image;

import dev.partita.dsl.layer.Model;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.models.ResNet18;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// How wide a `resnet18` is, and of what it takes statistics.
final class ResNetOptions {
    @Option(
            names = "--channels",
            paramLabel = "N",
            description = "Of the first blocks of a resnet18. Default: 64.")
    private @Nullable Long channels;

    @Option(
            names = "--norm-groups",
            paramLabel = "N",
            description =
                    "Equal parts of the batch that its batch norm takes the statistics of. Default: 1, the whole.")
    private @Nullable Integer groups;

    /// For handwritten digits.
    Model said() {
        return new ResNet18(
                        image("pixels", 1, 28, 28),
                        channels == null ? 64 : channels,
                        10,
                        groups == null ? 1 : groups)
                .network();
    }

    /// Refuses both for another model.
    void refuse(String model) {
        if (Stream.of(channels, groups).anyMatch(Objects::nonNull)) {
            throw Problem.of(
                            ProblemCode.INVALID_ARGUMENT,
                            "Only a resnet18 has channels and groups that a command names.")
                    .fact("model", model)
                    .fact("options of resnet18 alone", "--channels --norm-groups")
                    .fix("resnet18, or leave them out")
                    .exception();
        }
    }
}
