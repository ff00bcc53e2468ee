package dev.partita.compiler.processor;

import com.palantir.javapoet.ClassName;
import com.palantir.javapoet.CodeBlock;
import com.palantir.javapoet.JavaFile;
import com.palantir.javapoet.MethodSpec;
import com.palantir.javapoet.ParameterSpec;
import com.palantir.javapoet.TypeName;
import com.palantir.javapoet.TypeSpec;
import dev.partita.compiler.Compilation;
import dev.partita.compiler.Compiler;
import dev.partita.compiler.PlannedLayer;
import dev.partita.compiler.PlannedWeight;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.layer.Model;
import dev.partita.dsl.tensor.Dtype;
import java.util.LinkedHashMap;
import java.util.Map;
import javax.lang.model.element.Modifier;

/// Writes the plan of a declaration as a class with a method for every layer that has weights, and
/// for every weight: a name that does not exist is an error of javac.
final class PlanSource {
    private static final String RUNTIME = "dev.partita.runtime.";

    private final TypeSpec.Builder plan;

    /// The classes of layers, by what they have: equal ones of repeated blocks are written once.
    private final Map<String, Names> classes = new LinkedHashMap<>();

    private PlanSource(TypeSpec.Builder plan) {
        this.plan = plan;
    }

    /// What the parts of a layer, or of the whole model, are called; a weight has none.
    private record Names(Map<String, Names> parts) {
        Names() {
            this(new LinkedHashMap<>());
        }

        void add(String[] name) {
            Names at = this;
            for (String part : name) {
                at = at.parts.computeIfAbsent(part, _ -> new Names());
            }
        }
    }

    /// @param trains true if the program that is compiled can train
    static JavaFile of(Declaration declaration, boolean trains) {
        ClassName name = Generated.name(declaration, "Plan");
        var source = new PlanSource(Generated.type(declaration, "Plan"));
        source.write(declaration, name, names(declaration.model()));
        if (trains) {
            source.plan.addMethod(train());
        }
        return Generated.file(declaration, source.plan).build();
    }

    private static Names names(Model model) {
        var names = new Names();
        model.trace(1, Dtype.F32, false)
                .nodesOf(Op.Parameter.class)
                .forEach(node -> names.add(((Op.Parameter) node.op()).name().split("\\.", -1)));
        return names;
    }

    private void write(Declaration declaration, ClassName name, Names names) {
        plan.addJavadoc(
                        "The plan of {@link $T}: its layers and their weights by name. Generated.\n",
                        ClassName.get(declaration.type()))
                .addField(Compilation.class, "compilation", Modifier.PRIVATE, Modifier.FINAL)
                .addMethod(
                        MethodSpec.constructorBuilder()
                                .addModifiers(Modifier.PRIVATE)
                                .addParameter(Compilation.class, "compilation")
                                .addStatement("this.compilation = compilation")
                                .build())
                .addMethod(
                        MethodSpec.methodBuilder("compile")
                                .addModifiers(Modifier.PUBLIC, Modifier.STATIC)
                                .returns(name)
                                .addStatement(
                                        "return new $T($T.compile($T.model(), $T.options()))",
                                        name,
                                        Compiler.class,
                                        Generated.name(declaration, "Model"),
                                        Generated.name(declaration, "Model"))
                                .build())
                .addMethod(
                        MethodSpec.methodBuilder("compilation")
                                .addModifiers(Modifier.PUBLIC)
                                .returns(Compilation.class)
                                .addStatement("return compilation")
                                .build());
        names.parts()
                .forEach((layer, inner) ->
                        plan.addMethod(
                                part(
                                        layer,
                                        classOf(name, "", layer, inner),
                                        CodeBlock.of(
                                                "new $T(compilation, $S)",
                                                PlannedLayer.class,
                                                layer))));
    }

    /// The class of a layer, written if no layer before it has the same weights and a name that
    /// differs in numbers only.
    private ClassName classOf(ClassName plan, String outer, String layer, Names inner) {
        String simple = outer + Identifier.type(layer.replaceAll("\\d+", ""));
        if (classes.containsKey(simple) && !classes.get(simple).equals(inner)) {
            simple = outer + Identifier.type(layer) + "Layer";
        }
        ClassName name = plan.nestedClass(simple);
        if (classes.put(simple, inner) == null) {
            TypeSpec.Builder type =
                    TypeSpec.recordBuilder(simple)
                            .addModifiers(Modifier.PUBLIC)
                            .recordConstructor(
                                    MethodSpec.constructorBuilder()
                                            .addParameter(
                                                    ParameterSpec.builder(
                                                                    PlannedLayer.class, "layer")
                                                            .build())
                                            .build());
            for (Map.Entry<String, Names> part : inner.parts().entrySet()) {
                type.addMethod(within(plan, simple, part.getKey(), part.getValue()));
            }
            this.plan.addType(type.build());
        }
        return name;
    }

    private MethodSpec within(ClassName plan, String outer, String part, Names inner) {
        return inner.parts().isEmpty()
                ? method(
                        Identifier.method(part),
                        TypeName.get(PlannedWeight.class),
                        CodeBlock.of("layer.weight($S)", part))
                : part(
                        part,
                        classOf(plan, outer, part, inner),
                        CodeBlock.of("layer.part($S)", part));
    }

    private static MethodSpec part(String name, ClassName type, CodeBlock layer) {
        return method(Identifier.method(name), type, CodeBlock.of("new $T($L)", type, layer));
    }

    private static MethodSpec method(String name, TypeName type, CodeBlock result) {
        return MethodSpec.methodBuilder(name)
                .addModifiers(Modifier.PUBLIC)
                .returns(type)
                .addStatement("return $L", result)
                .build();
    }

    private static MethodSpec train() {
        return MethodSpec.methodBuilder("train")
                .addJavadoc("Training of this plan on some examples.\n")
                .addModifiers(Modifier.PUBLIC)
                .returns(ClassName.get(RUNTIME + "train", "Training"))
                .addParameter(ClassName.get(RUNTIME + "data", "Examples"), "examples")
                .addStatement(
                        "return $T.train(compilation, examples)",
                        ClassName.get(RUNTIME + "train", "Words"))
                .build();
    }
}
