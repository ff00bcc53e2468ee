package dev.partita.compiler.processor;

import com.sun.source.tree.AnnotationTree;
import com.sun.source.tree.AssignmentTree;
import com.sun.source.tree.ClassTree;
import com.sun.source.tree.ExpressionTree;
import com.sun.source.tree.MemberSelectTree;
import com.sun.source.tree.NewArrayTree;
import com.sun.source.tree.Tree;
import com.sun.source.tree.VariableTree;
import com.sun.source.util.TreePath;
import com.sun.source.util.Trees;
import java.util.List;
import java.util.Optional;
import javax.annotation.processing.Messager;
import javax.annotation.processing.ProcessingEnvironment;
import javax.tools.Diagnostic;

/// Writes messages where a [Place] stands in the source: javac's messager does not find the values
/// of annotations that are repeated, so their syntax trees are looked for here. Tools that have no
/// such trees are told the element and the annotation.
final class SourceTrees {
    private final Messager messager;
    private final Optional<Trees> trees;

    SourceTrees(ProcessingEnvironment environment) {
        this.messager = environment.getMessager();
        this.trees = trees(environment);
    }

    private static Optional<Trees> trees(ProcessingEnvironment environment) {
        try {
            return Optional.of(Trees.instance(environment));
        } catch (IllegalArgumentException notJavac) {
            return Optional.empty();
        }
    }

    /// Prints a message whose caret is on the place.
    void print(Diagnostic.Kind kind, String message, Place place) {
        Optional<TreePath> path = trees.map(t -> t.getPath(place.element()));
        if (path.isEmpty()) {
            messager.printMessage(
                    kind, message, place.element(), place.annotation(), place.value());
            return;
        }
        TreePath found = path.get();
        Optional<Tree> tree = annotation(found.getLeaf(), place);
        if (tree.isEmpty()) {
            messager.printMessage(kind, message, place.element());
            return;
        }
        trees.get().printMessage(kind, message, tree.get(), found.getCompilationUnit());
    }

    private static Optional<Tree> annotation(Tree declaration, Place place) {
        List<? extends AnnotationTree> annotations =
                switch (declaration) {
                    case ClassTree type -> type.getModifiers().getAnnotations();
                    case VariableTree variable -> variable.getModifiers().getAnnotations();
                    default -> List.of();
                };
        return annotations.stream()
                .filter(a -> isCalled(a.getAnnotationType().toString(), place.simpleName()))
                .skip(place.occurrence())
                .findFirst()
                .map(a -> within(a, place));
    }

    private static boolean isCalled(String written, String simple) {
        return written.equals(simple) || written.endsWith("." + simple);
    }

    private static Tree within(AnnotationTree annotation, Place place) {
        if (place.member().isEmpty()) {
            return annotation;
        }
        for (ExpressionTree argument : annotation.getArguments()) {
            boolean named = argument instanceof AssignmentTree;
            if (named
                    && argument instanceof AssignmentTree set
                    && set.getVariable().toString().equals(place.member())) {
                return element(set.getExpression(), place);
            }
            if (!named && place.member().equals("value")) {
                return element(argument, place);
            }
        }
        return annotation;
    }

    private static Tree element(ExpressionTree value, Place place) {
        return place.index().isPresent() && value instanceof NewArrayTree array
                ? beginning(array.getInitializers().get(place.index().getAsInt()))
                : beginning(value);
    }

    /// javac's caret for `Dtype.F16` is its dot.
    private static ExpressionTree beginning(ExpressionTree value) {
        return value instanceof MemberSelectTree select ? beginning(select.getExpression()) : value;
    }
}
