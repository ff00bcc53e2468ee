package dev.partita.compiler.processor;

import com.palantir.javapoet.ClassName;
import com.palantir.javapoet.JavaFile;
import com.palantir.javapoet.MethodSpec;
import com.palantir.javapoet.TypeName;
import com.palantir.javapoet.TypeSpec;
import dev.partita.compiler.CompileOptions;
import dev.partita.compiler.OptionsSpelling;
import dev.partita.dsl.layer.Layers;
import dev.partita.dsl.layer.Model;
import dev.partita.dsl.layer.Spelling;
import dev.partita.dsl.mesh.Mesh;
import javax.lang.model.element.Modifier;

/// Writes a declaration as a class in the words of the DSL.
final class ModelSource {
    private ModelSource() {}

    static JavaFile of(Declaration declaration) {
        TypeSpec.Builder type =
                Generated.type(declaration, "Model")
                        .addJavadoc(
                                "What {@link $T} declares, in the words of the DSL. Generated.\n",
                                ClassName.get(declaration.type()))
                        .addMethod(Generated.noInstances())
                        .addMethod(
                                method(
                                        "model",
                                        Model.class,
                                        // the method hides the word
                                        "Layers." + Spelling.of(declaration.model())))
                        .addMethod(
                                method(
                                        "mesh",
                                        Mesh.class,
                                        OptionsSpelling.of(declaration.options().mesh())))
                        .addMethod(
                                method(
                                        "options",
                                        CompileOptions.class,
                                        OptionsSpelling.of(declaration.options(), "mesh()")));
        return Generated.file(declaration, type)
                .addStaticImport(Layers.class, "*")
                .addStaticImport(CompileOptions.class, "*")
                .build();
    }

    private static MethodSpec method(String name, Class<?> result, String words) {
        return MethodSpec.methodBuilder(name)
                .addModifiers(Modifier.PUBLIC, Modifier.STATIC)
                .returns(TypeName.get(result))
                .addStatement("return $L", Generated.code(words))
                .build();
    }
}
