package dev.partita.compiler.lint;

import java.lang.reflect.Executable;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import javax.lang.model.element.Element;
import javax.lang.model.element.ElementKind;
import javax.lang.model.element.ExecutableElement;
import javax.lang.model.element.Modifier;
import javax.lang.model.element.PackageElement;
import javax.lang.model.element.TypeElement;
import javax.lang.model.element.VariableElement;
import javax.lang.model.type.ArrayType;
import javax.lang.model.type.DeclaredType;
import javax.lang.model.type.TypeKind;
import javax.lang.model.type.TypeMirror;
import javax.lang.model.util.Elements;
import javax.lang.model.util.Types;

/// Which methods a source may call that can be called in its stead: those that only make a value
/// out of values, of the DSL, of the compiler and of lists.
record Members(Elements elements, Types types) {
    /// Everything in them gives a value and does nothing else.
    private static final Set<String> WORDS =
            Set.of(
                    "dev.partita.dsl.layer",
                    "dev.partita.dsl.mesh",
                    "dev.partita.dsl.tensor",
                    "dev.partita.compiler");

    /// What is asked of a plan is for people to read, and may take its time.
    private static final Set<String> LEFT_OUT =
            Set.of("dev.partita.compiler.Compilation", "dev.partita.dsl.layer.Tracer");

    /// True for a word of Partita: what this plugin is about.
    boolean isWord(Element member) {
        return member.getModifiers().contains(Modifier.PUBLIC)
                && member.getEnclosingElement() instanceof TypeElement type
                && WORDS.contains(packageOf(type))
                && !LEFT_OUT.contains(type.getQualifiedName().toString())
                && givesAValue(member);
    }

    private static boolean givesAValue(Element member) {
        return !(member instanceof ExecutableElement method)
                || method.getKind() == ElementKind.CONSTRUCTOR
                || method.getReturnType().getKind() != TypeKind.VOID;
    }

    private static boolean isListOf(Element member) {
        return member.getSimpleName().contentEquals("of")
                && member.getEnclosingElement() instanceof TypeElement type
                && type.getQualifiedName().contentEquals("java.util.List");
    }

    /// The method or constructor itself, if it may be called and is one of this Partita's.
    Optional<Executable> executable(ExecutableElement member) {
        if ((!isWord(member) && !isListOf(member))
                || !(member.getEnclosingElement() instanceof TypeElement owner)) {
            return Optional.empty();
        }
        try {
            Class<?> type = classOf(owner.asType());
            List<Class<?>> parameters = new ArrayList<>();
            for (VariableElement parameter : member.getParameters()) {
                parameters.add(classOf(parameter.asType()));
            }
            Class<?>[] erased = parameters.toArray(Class<?>[]::new);
            if (member.getKind() == ElementKind.CONSTRUCTOR) {
                return Optional.of(type.getConstructor(erased));
            }
            Method method = type.getMethod(member.getSimpleName().toString(), erased);
            return Optional.of(method);
        } catch (ReflectiveOperationException | LinkageError e) {
            return Optional.empty(); // the source is compiled with another Partita than this one
        }
    }

    /// The value of a constant of Partita, such as `Dtype.BF16`.
    Optional<Object> constant(VariableElement field) {
        if (!isWord(field)
                || !field.getModifiers().contains(Modifier.STATIC)
                || !(field.getEnclosingElement() instanceof TypeElement owner)) {
            return Optional.empty();
        }
        try {
            Class<?> type = classOf(owner.asType());
            Field constant = type.getField(field.getSimpleName().toString());
            return Optional.ofNullable(constant.get(null));
        } catch (ReflectiveOperationException | LinkageError e) {
            return Optional.empty();
        }
    }

    private String packageOf(TypeElement type) {
        PackageElement in = elements.getPackageOf(type);
        return in == null ? "" : in.getQualifiedName().toString();
    }

    private Class<?> classOf(TypeMirror type) throws ClassNotFoundException {
        return switch (types.erasure(type)) {
            case ArrayType array -> classOf(array.getComponentType()).arrayType();
            case DeclaredType declared -> {
                String name = elements.getBinaryName((TypeElement) declared.asElement()).toString();
                yield Class.forName(name, false, Members.class.getClassLoader());
            }
            case TypeMirror primitive -> Class.forPrimitiveName(primitive.toString());
        };
    }
}
