package dev.partita.compiler.processor;

import com.palantir.javapoet.ClassName;
import com.palantir.javapoet.CodeBlock;
import com.palantir.javapoet.JavaFile;
import com.palantir.javapoet.MethodSpec;
import com.palantir.javapoet.TypeSpec;
import dev.partita.compiler.Precision;
import dev.partita.compiler.Recompute;
import dev.partita.compiler.pipeline.PipelineSchedule;
import dev.partita.dsl.layer.Layers;
import dev.partita.dsl.layer.LearningRate;
import dev.partita.dsl.mesh.Mesh;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.lang.model.element.Modifier;

/// What all classes that are written for a declaration have in common.
final class Generated {
    /// The classes that words of a model and its options name.
    private static final Map<String, Class<?>> CLASSES =
            Stream.<Class<?>>of(
                            List.class,
                            Mesh.class,
                            Layers.class,
                            LearningRate.class,
                            Precision.class,
                            Recompute.class,
                            PipelineSchedule.class)
                    .collect(Collectors.toMap(Class::getSimpleName, Function.identity()));

    /// A literal, or the name of a class.
    private static final Pattern TEXT_OR_CLASS =
            Pattern.compile("\"(?:\\\\.|[^\"\\\\])*\"|\\b[A-Z]\\w*\\b(?=\\.)");

    private Generated() {}

    /// The name of a class beside the declaration: `ConvNetModel` for `ConvNet`, `NetsConvNetModel`
    /// for a `ConvNet` within `Nets`.
    static ClassName name(Declaration declaration, String suffix) {
        ClassName record = ClassName.get(declaration.type());
        return ClassName.get(record.packageName(), String.join("", record.simpleNames()) + suffix);
    }

    /// A class as visible as the record. It comes from the record alone, so that an incremental
    /// build writes it again when that changes.
    static TypeSpec.Builder type(Declaration declaration, String suffix) {
        TypeSpec.Builder type =
                TypeSpec.classBuilder(name(declaration, suffix))
                        .addOriginatingElement(declaration.type())
                        .addModifiers(Modifier.FINAL);
        return declaration.type().getModifiers().contains(Modifier.PUBLIC)
                ? type.addModifiers(Modifier.PUBLIC)
                : type;
    }

    /// Words as code: the classes that they name are imported.
    static CodeBlock code(String words) {
        CodeBlock.Builder code = CodeBlock.builder();
        Matcher part = TEXT_OR_CLASS.matcher(words);
        int end = 0;
        while (part.find()) {
            code.add("$L", words.substring(end, part.start()));
            Class<?> type = CLASSES.get(part.group());
            code.add(type == null ? "$L" : "$T", type == null ? part.group() : type);
            end = part.end();
        }
        return code.add("$L", words.substring(end)).build();
    }

    static MethodSpec noInstances() {
        return MethodSpec.constructorBuilder().addModifiers(Modifier.PRIVATE).build();
    }

    static JavaFile.Builder file(Declaration declaration, TypeSpec.Builder type) {
        return JavaFile.builder(ClassName.get(declaration.type()).packageName(), type.build())
                .indent("    ")
                .skipJavaLangImports(true);
    }
}
