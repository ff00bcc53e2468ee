package dev.partita.shell.command;

import dev.partita.dsl.layer.Model;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.models.Bert;
import dev.partita.models.Gpt;
import dev.partita.models.ModelCatalog;
import dev.partita.models.MoeGpt;
import dev.partita.models.Transformer;
import dev.partita.runtime.state.Checkpoint;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// The model that a command is about.
final class ModelArgument {
    private static final String MOE_GPT = "moe-gpt";
    private static final String BERT = "bert";
    private static final String RESNET = "resnet18";
    private static final List<String> TRANSFORMERS = List.of("gpt", MOE_GPT, BERT);
    private static final List<String> NORMS = List.of("pre", "post");
    private static final long CHARACTERS = 96;

    @Parameters(
            paramLabel = "MODEL",
            description =
                    "mlp, convnet, resnet18, gpt, moe-gpt, bert, or a public class with a method: public static Model model().")
    private String name = "";

    @Mixin private TransformerOptions sizes = new TransformerOptions();
    @Mixin private ExpertOptions experts = new ExpertOptions();
    @Mixin private ResNetOptions images = new ResNetOptions();

    @Option(
            names = "--norm",
            paramLabel = "PLACE",
            description = "Of a bert: post, after each part of a block, or pre. Default: post.")
    private @Nullable String norm;

    Model model() {
        return model(() -> CHARACTERS);
    }

    /// @param characters that the data has, asked for if it is to decide the vocabulary
    Model model(LongSupplier characters) {
        return model(characters, Optional.empty());
    }

    /// The model that was trained: a transformer as its weights tell, unless something else is
    /// said.
    Model trained(Checkpoint checkpoint) {
        long characters =
                checkpoint.vocabulary().map(known -> known.codePoints().count()).orElse(CHARACTERS);
        Optional<Transformer> known =
                Transformer.of(checkpoint.parameters(), checkpoint.sequence());
        return model(() -> characters, known);
    }

    private Model model(LongSupplier characters, Optional<Transformer> known) {
        if (!name.equals(MOE_GPT)) {
            experts.refuse(name);
        }
        if (!name.equals(RESNET)) {
            images.refuse(name);
        }
        if (!name.equals(BERT) && norm != null) {
            throw Problem.of(
                            ProblemCode.INVALID_ARGUMENT,
                            "Only the norms of a bert are placed by a command.")
                    .fact("model", name)
                    .fix("leave --norm out, or give a class of your own")
                    .exception();
        }
        if (!TRANSFORMERS.contains(name)) {
            sizes.refuse(name);
            return name.equals(RESNET) ? images.said() : ModelCatalog.named(name);
        }
        return switch (name) {
            case MOE_GPT -> {
                Transformer usual = known.orElse(Transformer.of(4, 256, 4, 512, 96, 256));
                yield MoeGpt.of(sizes.said(usual, 2, characters), experts.count(), experts::said);
            }
            // and what stands for a hidden token
            case BERT ->
                    new Bert(
                                    sizes.said(
                                            known.orElse(Transformer.small()),
                                            4,
                                            () -> characters.getAsLong() + 1),
                                    isPreNorm())
                            .network();
            default -> Gpt.of(sizes.said(known.orElse(Transformer.small()), 4, characters));
        };
    }

    private boolean isPreNorm() {
        if (norm != null && !NORMS.contains(norm)) {
            throw UnknownChoice.of("place of a norm", norm, NORMS);
        }
        return "pre".equals(norm);
    }
}
