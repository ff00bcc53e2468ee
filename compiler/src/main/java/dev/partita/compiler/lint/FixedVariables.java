package dev.partita.compiler.lint;

import com.sun.source.tree.AssignmentTree;
import com.sun.source.tree.CompoundAssignmentTree;
import com.sun.source.tree.Tree;
import com.sun.source.tree.UnaryTree;
import com.sun.source.tree.VariableTree;
import com.sun.source.util.TreePath;
import com.sun.source.util.TreePathScanner;
import com.sun.source.util.Trees;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import javax.lang.model.element.Element;
import javax.lang.model.element.ElementKind;
import javax.lang.model.element.Modifier;

/// The variables of a class that are given a value where they are declared, and never another.
final class FixedVariables extends TreePathScanner<Void, Void> {
    private final Trees trees;
    private final Map<Element, TreePath> initializers = new HashMap<>();
    private final Set<Element> changed = new HashSet<>();

    private FixedVariables(Trees trees) {
        this.trees = trees;
    }

    static FixedVariables of(Trees trees, TreePath type) {
        var variables = new FixedVariables(trees);
        variables.scan(type, null);
        return variables;
    }

    /// What a variable is always.
    Optional<TreePath> initializer(Element variable) {
        return changed.contains(variable)
                ? Optional.empty()
                : Optional.ofNullable(initializers.get(variable));
    }

    @Override
    public Void visitVariable(VariableTree variable, Void nothing) {
        Element element = trees.getElement(getCurrentPath());
        if (element != null && variable.getInitializer() != null && isOnlyOurs(element)) {
            initializers.put(element, new TreePath(getCurrentPath(), variable.getInitializer()));
        }
        return super.visitVariable(variable, null);
    }

    /// A field that is not final may be changed by another class.
    private static boolean isOnlyOurs(Element variable) {
        return variable.getKind() == ElementKind.LOCAL_VARIABLE
                || variable.getModifiers().contains(Modifier.FINAL);
    }

    @Override
    public Void visitAssignment(AssignmentTree assignment, Void nothing) {
        change(assignment.getVariable());
        return super.visitAssignment(assignment, null);
    }

    @Override
    public Void visitCompoundAssignment(CompoundAssignmentTree assignment, Void nothing) {
        change(assignment.getVariable());
        return super.visitCompoundAssignment(assignment, null);
    }

    @Override
    public Void visitUnary(UnaryTree unary, Void nothing) {
        switch (unary.getKind()) {
            case PREFIX_INCREMENT, PREFIX_DECREMENT, POSTFIX_INCREMENT, POSTFIX_DECREMENT ->
                    change(unary.getExpression());
            default -> {}
        }
        return super.visitUnary(unary, null);
    }

    private void change(Tree variable) {
        Element element = trees.getElement(new TreePath(getCurrentPath(), variable));
        if (element != null) {
            changed.add(element);
        }
    }
}
