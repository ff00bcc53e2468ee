package dev.partita.compiler.lint;

import com.sun.source.tree.MethodInvocationTree;
import com.sun.source.tree.NewClassTree;
import com.sun.source.util.TreePathScanner;
import javax.lang.model.element.Element;

/// Finds the words of Partita in a class, outermost first, and has them said.
final class ChainScanner extends TreePathScanner<Void, Void> {
    private final Source source;
    private final Members members;
    private final Report report;
    private final Speaker speaker;

    ChainScanner(Source source, Report report) {
        this.source = source;
        this.members = new Members(source.elements(), source.types());
        this.report = report;
        this.speaker = new Speaker(source, members, report);
    }

    @Override
    public Void visitMethodInvocation(MethodInvocationTree call, Void nothing) {
        check();
        return super.visitMethodInvocation(call, null);
    }

    @Override
    public Void visitNewClass(NewClassTree creation, Void nothing) {
        check();
        return super.visitNewClass(creation, null);
    }

    private void check() {
        Element word = source.element(getCurrentPath());
        if (word != null
                && members.isWord(word)
                && speaker.say(getCurrentPath()) instanceof Said.Unseen unseen) {
            report.unseen(unseen);
        }
    }
}
