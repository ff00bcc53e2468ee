package dev.partita.compiler.processor;

import static com.google.common.truth.Truth.assertThat;
import static com.google.testing.compile.CompilationSubject.assertThat;

import com.google.testing.compile.Compilation;
import com.google.testing.compile.JavaFileObjects;
import dev.partita.compiler.PlannedWeight;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import javax.tools.JavaFileObject;
import javax.tools.StandardLocation;
import org.junit.jupiter.api.Test;

class PlanSourceTest {
    private static final String MLP =
            """
            @ShardedModel
            @MeshAxis(name = "data", size = 2)
            @Shard(dim = "batch", over = "data")
            @Batch(8)
            @CrossEntropy
            public record Mlp(
                    @Features(6) ModelInput x,
                    @Linear(8) @Relu Layer up,
                    @Linear(value = 4, bias = false) Layer down) {}
            """;

    private static JavaFileObject mlp() {
        return Nets.file("Mlp", Nets.source(MLP));
    }

    @Test
    void a_plan_has_a_method_for_every_layer_and_every_weight() {
        Compilation compilation = Nets.javac().compile(mlp());
        assertThat(compilation)
                .generatedSourceFile("nets.MlpPlan")
                .contentsAsUtf8String()
                .isEqualTo(
                        """
                        package nets;

                        import dev.partita.compiler.Compilation;
                        import dev.partita.compiler.Compiler;
                        import dev.partita.compiler.PlannedLayer;
                        import dev.partita.compiler.PlannedWeight;

                        /**
                         * The plan of {@link Mlp}: its layers and their weights by name. Generated.
                         */
                        public final class MlpPlan {
                            private final Compilation compilation;

                            private MlpPlan(Compilation compilation) {
                                this.compilation = compilation;
                            }

                            public static MlpPlan compile() {
                                return new MlpPlan(Compiler.compile(MlpModel.model(), MlpModel.options()));
                            }

                            public Compilation compilation() {
                                return compilation;
                            }

                            public Up up() {
                                return new Up(new PlannedLayer(compilation, "up"));
                            }

                            public Down down() {
                                return new Down(new PlannedLayer(compilation, "down"));
                            }

                            public record Up(PlannedLayer layer) {
                                public PlannedWeight weight() {
                                    return layer.weight("weight");
                                }

                                public PlannedWeight bias() {
                                    return layer.weight("bias");
                                }
                            }

                            public record Down(PlannedLayer layer) {
                                public PlannedWeight weight() {
                                    return layer.weight("weight");
                                }
                            }
                        }
                        """);
    }

    @Test
    void its_weights_know_their_type_and_their_place() throws ReflectiveOperationException {
        Compilation compilation =
                Nets.javac()
                        .compile(
                                mlp(),
                                Nets.file(
                                        "Ask",
                                        """
                                        package nets;

                                        import dev.partita.compiler.PlannedWeight;

                                        public final class Ask {
                                            private Ask() {}

                                            public static PlannedWeight weight() {
                                                return MlpPlan.compile().up().weight();
                                            }
                                        }
                                        """));
        var weight = (PlannedWeight) Nets.call(compilation, "nets.Ask", "weight");
        assertThat(weight.toString()).isEqualTo("up.weight f32[up=8, x=6] [{}, {}]");
        assertThat(weight.explain()).startsWith("up.weight\n");
    }

    @Test
    void a_layer_that_does_not_exist_is_an_error_of_javac() {
        Compilation compilation =
                Nets.javac()
                        .compile(
                                mlp(),
                                Nets.file(
                                        "Ask",
                                        """
                                        package nets;

                                        final class Ask {
                                            Object weight = MlpPlan.compile().upp().weight();
                                        }
                                        """));
        assertThat(compilation).hadErrorContaining("method upp()");
    }

    @Test
    void blocks_that_are_alike_share_the_classes_of_their_layers() throws ClassNotFoundException {
        Compilation compilation =
                Nets.javac()
                        .compile(
                                Nets.file(
                                        "Gpt",
                                        Nets.source(
                                                """
                                                @ShardedModel
                                                @Batch(2)
                                                @CrossEntropy
                                                public record Gpt(
                                                        @Tokens(length = 8, vocabulary = 96) ModelInput text,
                                                        @Embedding(8) Layer model,
                                                        @Times(2) Block block,
                                                        @LayerNorm(name = "last-norm") Layer norm,
                                                        @TiedTo("model") Layer out) {

                                                    record Block(
                                                            @Residual @LayerNorm(name = "norm") @Attention(heads = 2) Layer mix) {}
                                                }
                                                """)));
        assertThat(compilation).succeededWithoutWarnings();
        Class<?> plan = Nets.load(compilation, "nets.GptPlan");
        assertThat(
                        List.of(plan.getDeclaredMethods()).stream()
                                .map(m -> m.getName() + " " + m.getReturnType().getSimpleName()))
                .containsAtLeast("mix1 Mix", "mix2 Mix", "norm1 Norm", "lastNorm LastNorm");
        assertThat(
                        List.of(Nets.load(compilation, "nets.GptPlan$Mix").getDeclaredMethods())
                                .stream()
                                .map(m -> m.getName()))
                .containsAtLeast("query", "key", "value", "output");
    }

    @Test
    void where_the_runtime_is_there_a_plan_trains() {
        List<String> runtime =
                List.of(
                        "package dev.partita.runtime.data; public interface Examples {}",
                        "package dev.partita.runtime.train; public final class Training {}",
                        """
                        package dev.partita.runtime.train;

                        public final class Words {
                            private Words() {}

                            public static Training train(
                                    dev.partita.compiler.Compilation plan,
                                    dev.partita.runtime.data.Examples examples) {
                                return new Training();
                            }
                        }
                        """);
        List<String> names = List.of("data.Examples", "train.Training", "train.Words");
        List<JavaFileObject> files = new ArrayList<>(List.of(mlp()));
        for (int i = 0; i < names.size(); i++) {
            files.add(
                    JavaFileObjects.forSourceString(
                            "dev.partita.runtime." + names.get(i), runtime.get(i)));
        }
        assertThat(Nets.javac().compile(files))
                .generatedSourceFile("nets.MlpPlan")
                .contentsAsUtf8String()
                .contains("return Words.train(compilation, examples);");
    }

    @Test
    void the_text_of_a_plan_shows_what_a_change_of_one_annotation_does() {
        String before = text(MLP);
        assertThat(before)
                .isEqualTo(
                        """
                        mlp on mesh[data=2]
                          all: 2 devices, 2,256 bytes each, 356 sent a step
                            weights 352, gradients 352, optimizer 704, activations 476, buffers 372
                        asked by
                          .shard("batch").over("data")
                          .optimizer(adam(0.001))
                          .batch(8)
                        weights
                          up.weight f32[up=8, x=6] [{}, {}]
                          up.bias f32[up=8] [{}]
                          down.weight f32[down=4, up=8] [{}, {}]
                        collectives
                          all-reduce data, 356 bytes, because [] sum{data} meets require-finite loss \
                        (and 3 more), Mlp @CrossEntropy
                        """);
        String after =
                text(MLP.replace("@Batch(8)", "@Zero(stage = 3, over = \"data\")\n@Batch(8)"));
        Set<String> lines = new LinkedHashSet<>(after.lines().toList());
        lines.removeAll(before.lines().toList());
        assertThat(lines).contains("  .zero(3).over(\"data\")");
        assertThat(lines.stream().filter(line -> line.contains("all-gather"))).isNotEmpty();
    }

    private static String text(String record) {
        Compilation compilation = Nets.javac().compile(Nets.file("Mlp", Nets.source(record)));
        assertThat(compilation).succeededWithoutWarnings();
        try {
            return compilation
                    .generatedFile(StandardLocation.CLASS_OUTPUT, "META-INF/partita/nets.Mlp.txt")
                    .orElseThrow()
                    .getCharContent(false)
                    .toString();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
