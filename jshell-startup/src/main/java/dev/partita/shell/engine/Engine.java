package dev.partita.shell.engine;

import dev.partita.dsl.problem.Origin;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import jdk.jshell.JShell;
import jdk.jshell.PersistentSnippet;
import jdk.jshell.SnippetEvent;
import jdk.jshell.SourceCodeAnalysis;
import jdk.jshell.SourceCodeAnalysis.Highlight;
import jdk.jshell.SourceCodeAnalysis.Suggestion;
import jdk.jshell.spi.ExecutionControl;
import jdk.jshell.spi.ExecutionControlProvider;
import jdk.jshell.spi.ExecutionEnv;

/// A session of Java: evaluates snippets one after the other in this process, with Partita's words
/// imported.
///
/// One thread evaluates, completes and highlights; any other may [#interrupt].
public final class Engine implements AutoCloseable {
    private static final String WORDS = "/partita.jsh";

    private final InProcessControl control = new InProcessControl(Engine.class.getClassLoader());
    private final SortedMap<Integer, String> numbered = new TreeMap<>();
    private final Map<String, Origin> places = new HashMap<>();
    private final Map<String, Integer> declared = new HashMap<>();
    private final JShell shell;
    private final SourceCodeAnalysis analysis;

    private Engine() {
        shell =
                JShell.builder()
                        .executionEngine(new InProcess(control), Map.of())
                        .compilerOptions(SnippetPath.compilerOptions().toArray(String[]::new))
                        .build();
        analysis = shell.sourceCodeAnalysis();
    }

    /// A session that knows the words of `partita.jsh`.
    public static Engine open() {
        var engine = new Engine();
        for (Outcome outcome : engine.evaluate(words())) {
            if (!outcome.succeeded()) {
                engine.close();
                throw new IllegalStateException(outcome.source() + "\n" + outcome.text());
            }
        }
        return engine;
    }

    /// Evaluates every snippet of `source`, up to and including the first that does not succeed.
    public List<Outcome> evaluate(String source) {
        var outcomes = new ArrayList<Outcome>();
        evaluate(source, "", outcomes::add);
        return outcomes;
    }

    /// Evaluates every snippet of `source`, up to and including the first that does not succeed.
    ///
    /// @param file name of the script, which messages then point into; empty if it was typed
    /// @param each is told every outcome as soon as it is there
    /// @return whether all succeeded
    public boolean evaluate(String source, String file, Consumer<Outcome> each) {
        control.beginEvaluation();
        for (SnippetSplitter.Piece piece : new SnippetSplitter(analysis).split(source)) {
            int line = file.isEmpty() ? 0 : piece.line();
            Outcome outcome = evaluateOne(piece.source(), new Origin(file, line));
            each.accept(outcome);
            if (!outcome.succeeded()) {
                return false;
            }
        }
        return true;
    }

    private Outcome evaluateOne(String source, Origin place) {
        control.reset();
        List<SnippetEvent> events = shell.eval(source);
        String typed = source.strip();
        remember(events, typed, place);
        if (control.stopped()) {
            return new Outcome.Stopped(typed, "Stopped.");
        }
        Throwable failure = control.failure();
        if (failure != null) {
            return new Outcome.Failed(typed, FailureText.of(failure, this::place), failure);
        }
        return new SnippetReport(shell, control, typed, place).outcome(events);
    }

    /// What is loaded for the first time is this snippet; a declaration by a known name takes its
    /// number over. What is loaded besides are older snippets that use it.
    private void remember(List<SnippetEvent> events, String typed, Origin place) {
        Set<Integer> own = new HashSet<>(control.loaded());
        own.removeAll(numbered.keySet());
        declaredName(events)
                .ifPresent(name -> {
                    own.forEach(number -> declared.put(name, number));
                    Optional.ofNullable(declared.get(name)).ifPresent(own::add);
                });
        for (int number : own) {
            numbered.put(number, typed);
            places.put("#" + number, place);
        }
    }

    private static Optional<String> declaredName(List<SnippetEvent> events) {
        return events.stream()
                .filter(event -> event.causeSnippet() == null)
                .map(SnippetEvent::snippet)
                .filter(PersistentSnippet.class::isInstance)
                .map(PersistentSnippet.class::cast)
                .map(snippet -> snippet.kind() + " " + snippet.name())
                .findFirst();
    }

    /// The script's line where a snippet stands, if it stands in one.
    private Origin place(Origin origin) {
        Origin known = places.getOrDefault(origin.toString(), Origin.UNKNOWN);
        return known.isKnown() ? known : origin;
    }

    /// Ends the evaluation: the thread of the snippet that runs is interrupted and loops in it end;
    /// a snippet that is still being compiled ends as soon as it begins to run.
    public void interrupt() {
        control.requestStop();
        shell.stop();
    }

    /// False while `source` needs another line.
    public boolean isComplete(String source) {
        return switch (analysis.analyzeCompletion(source).completeness()) {
            case DEFINITELY_INCOMPLETE, CONSIDERED_INCOMPLETE -> false;
            case COMPLETE, COMPLETE_WITH_SEMI, EMPTY, UNKNOWN -> true;
        };
    }

    /// The words that fit at `cursor`. Where nothing is typed yet, only those of the type that is
    /// wanted, or the members behind a dot: everything else that has a name would fit as well.
    public Completion complete(String source, int cursor) {
        var anchor = new int[1];
        List<Suggestion> found = analysis.completionSuggestions(source, cursor, anchor);
        String before = source.substring(0, anchor[0]).stripTrailing();
        boolean open = anchor[0] == cursor && !before.endsWith(".");
        List<String> words =
                found.stream()
                        .filter(each -> !open || each.matchesType())
                        .map(Suggestion::continuation)
                        .distinct()
                        .toList();
        return new Completion(anchor[0], words);
    }

    /// The signatures of the call around `cursor`.
    public List<String> signatures(String source, int cursor) {
        return analysis.documentation(source, cursor, false).stream()
                .map(SourceCodeAnalysis.Documentation::signature)
                .distinct()
                .toList();
    }

    /// Keywords and declarations in `source`, as far as javac can tell in unfinished code.
    public List<Highlight> highlights(String source) {
        return highlightsOrNone(source)
                .or(() -> highlightsOrNone(source + '"'))
                .orElse(List.of())
                .stream()
                .filter(each -> 0 <= each.start() && each.start() <= each.end())
                .filter(each -> each.end() <= source.length())
                .toList();
    }

    /// JShell's analysis refuses a text that ends inside a literal.
    private Optional<List<Highlight>> highlightsOrNone(String source) {
        try {
            return Optional.of(analysis.highlights(source));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /// What was declared and evaluated, under the numbers by which messages name it.
    public Map<Integer, String> numbered() {
        return Collections.unmodifiableMap(numbered);
    }

    @Override
    public void close() {
        shell.close();
    }

    private static String words() {
        try (InputStream in = Engine.class.getResourceAsStream(WORDS)) {
            return new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private record InProcess(InProcessControl control) implements ExecutionControlProvider {
        @Override
        public String name() {
            return "in-process";
        }

        @Override
        public ExecutionControl generate(ExecutionEnv environment, Map<String, String> parameters) {
            return control;
        }
    }
}
