package dev.partita.compiler.processor;

import com.palantir.javapoet.ClassName;
import com.palantir.javapoet.CodeBlock;
import com.palantir.javapoet.JavaFile;
import com.palantir.javapoet.MethodSpec;
import com.palantir.javapoet.TypeName;
import com.palantir.javapoet.TypeSpec;
import dev.partita.compiler.CompileOptions;
import dev.partita.dsl.layer.Model;
import dev.partita.dsl.mesh.Mesh;
import java.util.Arrays;
import javax.lang.model.element.Modifier;

/// Writes a declaration as a class in the words of the DSL.
final class ModelSource {
    private ModelSource() {}

    static JavaFile of(Declaration declaration) {
        ClassName record = ClassName.get(declaration.type());
        TypeSpec.Builder type =
                TypeSpec.classBuilder(String.join("", record.simpleNames()) + "Model")
                        .addJavadoc(
                                "What {@link $T} declares, in the words of the DSL. Generated.\n",
                                record)
                        .addOriginatingElement(declaration.type())
                        .addModifiers(Modifier.FINAL)
                        .addMethod(
                                MethodSpec.constructorBuilder()
                                        .addModifiers(Modifier.PRIVATE)
                                        .build())
                        .addMethod(method("model", Model.class, declaration.model().code()))
                        .addMethod(method("mesh", Mesh.class, declaration.mesh().code()))
                        .addMethod(method("options", CompileOptions.class, options(declaration)));
        if (declaration.type().getModifiers().contains(Modifier.PUBLIC)) {
            type.addModifiers(Modifier.PUBLIC);
        }
        return JavaFile.builder(record.packageName(), type.build())
                .indent("    ")
                .skipJavaLangImports(true)
                .build();
    }

    private static CodeBlock options(Declaration declaration) {
        var code = CodeBlock.builder().add("$T.on(mesh())", CompileOptions.class);
        for (Declaration.Shard shard : declaration.shards()) {
            CodeBlock axes =
                    Arrays.stream(shard.asked().over())
                            .map(axis -> CodeBlock.of("$S", axis))
                            .collect(CodeBlock.joining(", "));
            code.add("\n.shard($S).over($L)", shard.asked().dim(), axes);
        }
        return code.add("\n.batch($L)", declaration.settings().batch()).build();
    }

    private static MethodSpec method(String name, Class<?> result, CodeBlock code) {
        return MethodSpec.methodBuilder(name)
                .addModifiers(Modifier.PUBLIC, Modifier.STATIC)
                .returns(TypeName.get(result))
                .addStatement("return $L", code)
                .build();
    }
}
