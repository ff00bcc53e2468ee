package dev.partita.compiler.lint;

import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.ExpressionTree;
import com.sun.source.tree.MemberSelectTree;
import com.sun.source.tree.MethodInvocationTree;
import com.sun.source.tree.Tree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.TreePath;
import com.sun.source.util.Trees;
import dev.partita.dsl.problem.Origin;
import java.nio.file.Path;
import javax.lang.model.element.Element;
import javax.lang.model.util.Elements;
import javax.lang.model.util.Types;
import org.jspecify.annotations.Nullable;

/// A class being compiled, and what javac knows of it.
///
/// @param variables those of the class that never change
record Source(
        Trees trees,
        Elements elements,
        Types types,
        CompilationUnitTree unit,
        FixedVariables variables) {
    /// A class that javac has analysed.
    static Source of(JavacTask task, TreePath type) {
        Trees trees = Trees.instance(task);
        return new Source(
                trees,
                task.getElements(),
                task.getTypes(),
                type.getCompilationUnit(),
                FixedVariables.of(trees, type));
    }

    @Nullable Element element(TreePath path) {
        return trees.getElement(path);
    }

    TreePath at(TreePath parent, Tree child) {
        return new TreePath(parent, child);
    }

    /// Where a call's word stands, as a stack would name it, and its column.
    Origin origin(ExpressionTree call) {
        var positions = trees.getSourcePositions();
        long word =
                call instanceof MethodInvocationTree invocation
                        ? wordStart(invocation)
                        : positions.getStartPosition(unit, call);
        var lines = unit.getLineMap();
        Origin line = Origin.of(fileName(), (int) lines.getLineNumber(word));
        return new Origin(line.file(), line.line(), (int) lines.getColumnNumber(word));
    }

    private long wordStart(MethodInvocationTree call) {
        ExpressionTree select = call.getMethodSelect();
        long end = trees.getSourcePositions().getEndPosition(unit, select);
        return select instanceof MemberSelectTree member
                ? end - member.getIdentifier().length()
                : trees.getSourcePositions().getStartPosition(unit, select);
    }

    private String fileName() {
        return Path.of(unit.getSourceFile().getName()).getFileName().toString();
    }
}
