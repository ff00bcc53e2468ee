package dev.partita.compiler.processor;

import com.google.testing.compile.Compilation;
import com.google.testing.compile.Compiler;
import com.google.testing.compile.JavaFileObjects;
import dev.partita.compiler.CompileOptions;
import dev.partita.dsl.layer.Model;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.stream.Stream;
import javax.tools.JavaFileObject;

/// Annotated records that tests give to javac, and what it makes of them.
final class Nets {
    private static final String HEAD =
            """
            package nets;

            import dev.partita.dsl.annotation.*;
            import dev.partita.dsl.layer.Layer;
            import dev.partita.dsl.layer.ModelInput;
            import dev.partita.dsl.tensor.Dtype;

            """;

    /// The network of the main road.
    static final String CONVNET =
            """
            @ShardedModel
            @MeshAxis(name = "data", size = 2)
            @MeshAxis(name = "tensor", size = 2)
            @Shard(dim = "batch", over = "data")
            @Shard(dim = "hidden", over = "tensor")
            @Batch(256)
            @Adam(1e-3)
            @CrossEntropy
            public record ConvNet(
                    @Image(channels = 1, height = 28, width = 28) ModelInput pixels,
                    @Conv2d(channels = 32, kernel = 3) @Relu @MaxPool(2) Layer c1,
                    @Conv2d(channels = 64, kernel = 3) @Relu @MaxPool(2) Layer c2,
                    @Flatten @Linear(256) @Relu Layer hidden,
                    @Linear(10) Layer classes) {}
            """;

    private static final List<File> CLASS_PATH =
            Stream.of(System.getProperty("java.class.path").split(File.pathSeparator, -1))
                    .filter(path -> !path.contains("runtime"))
                    .map(File::new)
                    .toList();

    private Nets() {}

    /// A whole source file of this record.
    static String source(String record) {
        return HEAD + record;
    }

    static JavaFileObject file(String name, String source) {
        return JavaFileObjects.forSourceString("nets." + name, source);
    }

    /// Compiles a public record `nets.ConvNet`; a warning is an error.
    static Compilation compile(String record) {
        return javac().compile(file("ConvNet", source(record)));
    }

    /// javac for programs that do not see the runtime, which is no part of this module.
    static Compiler javac() {
        return Compiler.javac()
                .withClasspath(CLASS_PATH)
                .withProcessors(new ShardedModelProcessor())
                .withOptions("-Xlint:all", "-Werror");
    }

    static Model model(Compilation compilation) throws ReflectiveOperationException {
        return (Model) call(compilation, "nets.ConvNetModel", "model");
    }

    static CompileOptions options(Compilation compilation) throws ReflectiveOperationException {
        return (CompileOptions) call(compilation, "nets.ConvNetModel", "options");
    }

    /// What a static method of a compiled class gives.
    static Object call(Compilation compilation, String type, String method)
            throws ReflectiveOperationException {
        return load(compilation, type).getMethod(method).invoke(null);
    }

    static Class<?> load(Compilation compilation, String type) throws ClassNotFoundException {
        return new Classes(compilation).loadClass(type);
    }

    /// The classes that javac made.
    private static final class Classes extends ClassLoader {
        private final Compilation compilation;

        Classes(Compilation compilation) {
            super(Nets.class.getClassLoader());
            this.compilation = compilation;
        }

        @Override
        protected Class<?> findClass(String name) throws ClassNotFoundException {
            JavaFileObject file =
                    compilation.generatedFiles().stream()
                            .filter(f -> f.getKind() == JavaFileObject.Kind.CLASS)
                            .filter(f -> f.getName().endsWith(name.replace('.', '/') + ".class"))
                            .findFirst()
                            .orElseThrow(() -> new ClassNotFoundException(name));
            try (InputStream bytes = file.openInputStream()) {
                byte[] content = bytes.readAllBytes();
                return defineClass(name, content, 0, content.length);
            } catch (IOException e) {
                throw new ClassNotFoundException(name, e);
            }
        }
    }
}
