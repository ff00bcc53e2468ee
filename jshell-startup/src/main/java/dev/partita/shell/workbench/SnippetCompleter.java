package dev.partita.shell.workbench;

import dev.partita.shell.engine.Completion;
import dev.partita.shell.engine.Engine;
import java.util.List;
import org.jline.reader.Candidate;
import org.jline.reader.Completer;
import org.jline.reader.LineReader;
import org.jline.reader.ParsedLine;

/// Offers what Java allows at the cursor; behind an opening bracket, what the call takes.
record SnippetCompleter(Engine engine) implements Completer {
    @Override
    public void complete(LineReader reader, ParsedLine line, List<Candidate> candidates) {
        String before = line.line().substring(0, line.cursor());
        if (before.stripTrailing().endsWith("(")) {
            engine.signatures(line.line(), line.cursor()).stream()
                    .map(SnippetCompleter::withoutPackages)
                    .forEach(reader::printAbove);
        }
        Completion completion = engine.complete(line.line(), line.cursor());
        int wordStart = line.cursor() - line.wordCursor();
        if (completion.anchor() == wordStart) {
            completion.words().forEach(word -> candidates.add(candidate(word)));
        }
    }

    private static Candidate candidate(String word) {

        return new Candidate(word, word, null, null, null, null, false);
    }

    /// `linear(String name, long size)` reads better than `java.lang.String`.
    private static String withoutPackages(String signature) {
        return signature.replaceAll("\\b(?:[a-z_][a-z0-9_]*\\.)+(?=[A-Z])", "");
    }
}
