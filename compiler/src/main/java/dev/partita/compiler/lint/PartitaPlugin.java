package dev.partita.compiler.lint;

import com.sun.source.util.JavacTask;
import com.sun.source.util.Plugin;
import com.sun.source.util.TaskEvent;
import com.sun.source.util.TaskListener;
import com.sun.source.util.TreePath;
import com.sun.source.util.Trees;
import java.util.List;

/// `-Xplugin:Partita` reports the Problems of constant chains as errors; `-Xplugin:"Partita
/// explain"` also notes what of them it could not see, and why.
public final class PartitaPlugin implements Plugin {
    private static final String EXPLAIN = "explain";

    @Override
    public String getName() {
        return "Partita";
    }

    /// @throws IllegalArgumentException for another argument than `explain`
    @Override
    public void init(JavacTask task, String... arguments) {
        for (String argument : arguments) {
            if (!argument.equals(EXPLAIN)) {
                throw new IllegalArgumentException(
                        "the plugin Partita knows no \"" + argument + "\", only " + EXPLAIN);
            }
        }
        task.addTaskListener(new Listener(task, List.of(arguments).contains(EXPLAIN)));
    }

    /// Checks every class as soon as javac knows what its names mean.
    private record Listener(JavacTask task, boolean explains) implements TaskListener {
        @Override
        public void finished(TaskEvent event) {
            if (event.getKind() != TaskEvent.Kind.ANALYZE || event.getTypeElement() == null) {
                return;
            }
            TreePath type = Trees.instance(task).getPath(event.getTypeElement());
            if (type != null) {
                Source source = Source.of(task, type);
                new ChainScanner(source, new Report(source, explains)).scan(type, null);
            }
        }
    }
}
