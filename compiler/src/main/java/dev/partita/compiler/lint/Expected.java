package dev.partita.compiler.lint;

import com.sun.source.tree.CatchTree;
import com.sun.source.tree.ClassTree;
import com.sun.source.tree.ExpressionTree;
import com.sun.source.tree.LambdaExpressionTree;
import com.sun.source.tree.MemberSelectTree;
import com.sun.source.tree.MethodInvocationTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.TryTree;
import com.sun.source.tree.UnionTypeTree;
import com.sun.source.tree.VariableTree;
import com.sun.source.util.TreePath;
import dev.partita.dsl.problem.ProblemException;
import java.util.List;
import java.util.stream.Stream;
import javax.lang.model.element.Element;
import javax.lang.model.element.TypeElement;
import javax.lang.model.type.TypeMirror;

/// Where a source counts with a Problem: in a `try` that catches it, in a lambda beside the class
/// of the exception, as in `assertThrows(ProblemException.class, () -> ...)`, and under
/// `@SuppressWarnings("partita")`.
record Expected(Source source) {
    private static final String KEY = "partita";

    boolean at(TreePath place) {
        for (TreePath inner = place; inner.getParentPath() != null; inner = inner.getParentPath()) {
            TreePath outer = inner.getParentPath();
            if (isSuppressed(outer) || isCaught(outer, inner) || isAsserted(outer, inner)) {
                return true;
            }
        }
        return false;
    }

    private boolean isSuppressed(TreePath declaration) {
        return switch (declaration.getLeaf()) {
            case ClassTree _, MethodTree _, VariableTree _ -> {
                Element element = source.element(declaration);
                SuppressWarnings warnings =
                        element == null ? null : element.getAnnotation(SuppressWarnings.class);
                yield warnings != null && List.of(warnings.value()).contains(KEY);
            }
            default -> false;
        };
    }

    private boolean isCaught(TreePath outer, TreePath inner) {
        return outer.getLeaf() instanceof TryTree attempt
                && attempt.getBlock().equals(inner.getLeaf())
                && attempt.getCatches().stream()
                        .map(each -> source.at(outer, each))
                        .flatMap(this::caught)
                        .anyMatch(this::takesProblems);
    }

    private Stream<TypeMirror> caught(TreePath each) {
        TreePath variable = source.at(each, ((CatchTree) each.getLeaf()).getParameter());
        TreePath type = source.at(variable, ((VariableTree) variable.getLeaf()).getType());
        Stream<TreePath> types =
                type.getLeaf() instanceof UnionTypeTree union
                        ? union.getTypeAlternatives().stream().map(one -> source.at(type, one))
                        : Stream.of(type);
        return types.map(source.trees()::getTypeMirror);
    }

    private boolean isAsserted(TreePath outer, TreePath inner) {
        return inner.getLeaf() instanceof LambdaExpressionTree
                && outer.getLeaf() instanceof MethodInvocationTree call
                && call.getArguments().stream()
                        .map(argument -> source.at(outer, argument))
                        .anyMatch(this::isClassOfProblems);
    }

    private boolean isClassOfProblems(TreePath argument) {
        if (!(argument.getLeaf() instanceof MemberSelectTree select)
                || !select.getIdentifier().contentEquals("class")) {
            return false;
        }
        ExpressionTree type = select.getExpression();
        return takesProblems(source.trees().getTypeMirror(source.at(argument, type)));
    }

    private boolean takesProblems(TypeMirror type) {
        TypeElement problems =
                source.elements().getTypeElement(ProblemException.class.getCanonicalName());
        return problems != null && source.types().isAssignable(problems.asType(), type);
    }
}
