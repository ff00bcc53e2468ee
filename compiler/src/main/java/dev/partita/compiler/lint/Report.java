package dev.partita.compiler.lint;

import com.sun.source.util.TreePath;
import dev.partita.dsl.problem.Origin;
import dev.partita.dsl.problem.Problem;
import java.util.HashSet;
import java.util.Set;
import javax.tools.Diagnostic;

/// Tells javac what came of the chains of a class.
final class Report {
    private final Source source;
    private final boolean explains;
    private final Expected expected;
    private final Set<Object> noted = new HashSet<>();

    Report(Source source, boolean explains) {
        this.source = source;
        this.explains = explains;
        this.expected = new Expected(source);
    }

    /// An error on `word`; javac itself names file and line.
    ///
    /// @param call what raised the Problem
    void problem(Problem problem, TreePath word, TreePath call) {
        if (!expected.at(call)) {
            print(Diagnostic.Kind.ERROR, problem.at(Origin.UNKNOWN).message(), word);
        }
    }

    /// A note on what is not seen, if notes are asked for.
    void unseen(Said.Unseen unseen) {
        if (explains && noted.add(unseen.where().getLeaf())) {
            String text = "Partita checks this when it runs, and not here: " + unseen.why() + ".";
            print(Diagnostic.Kind.NOTE, text, unseen.where());
        }
    }

    private void print(Diagnostic.Kind kind, String text, TreePath where) {
        source.trees().printMessage(kind, text, where.getLeaf(), source.unit());
    }
}
