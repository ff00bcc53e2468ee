package dev.partita.shell.engine;

import dev.partita.dsl.problem.Origin;
import java.util.List;
import java.util.stream.Collectors;
import jdk.jshell.DeclarationSnippet;
import jdk.jshell.ExpressionSnippet;
import jdk.jshell.JShell;
import jdk.jshell.MethodSnippet;
import jdk.jshell.Snippet;
import jdk.jshell.SnippetEvent;
import jdk.jshell.TypeDeclSnippet;
import jdk.jshell.VarSnippet;

/// What is said about a snippet that ran to its end or did not compile.
record SnippetReport(JShell shell, InProcessControl control, String source, Origin place) {
    Outcome outcome(List<SnippetEvent> events) {
        List<Snippet> own =
                events.stream()
                        .filter(event -> event.causeSnippet() == null)
                        .map(SnippetEvent::snippet)
                        .toList();
        for (Snippet snippet : own) {
            if (shell.status(snippet) == Snippet.Status.REJECTED) {
                String text =
                        DiagnosticText.of(
                                shell.diagnostics(snippet).toList(), snippet.source(), place);
                return new Outcome.Rejected(source, text);
            }
        }
        String text =
                own.stream()
                        .map(this::text)
                        .filter(line -> !line.isEmpty())
                        .collect(Collectors.joining("\n"));
        boolean expression = !own.isEmpty() && isExpression(own.getLast());
        String shown = expression ? ValueText.whole(control.value()) : "";
        return new Outcome.Done(source, text, control.value(), shown);
    }

    private static boolean isExpression(Snippet snippet) {
        return snippet instanceof ExpressionSnippet
                || snippet.subKind() == Snippet.SubKind.TEMP_VAR_EXPRESSION_SUBKIND;
    }

    private String text(Snippet snippet) {
        return switch (snippet) {
            case VarSnippet variable
                    when variable.subKind() == Snippet.SubKind.TEMP_VAR_EXPRESSION_SUBKIND ->
                    shown(variable.name(), ValueText.whole(control.value()));
            case ExpressionSnippet expression ->
                    shown(expression.name(), ValueText.whole(control.value()));
            case VarSnippet variable ->
                    control.hasValue()
                            ? shown(variable.name(), ValueText.brief(control.value()))
                            : "declared " + variable.name() + needs(variable);
            case MethodSnippet method ->
                    "declared "
                            + method.name()
                            + "("
                            + method.parameterTypes()
                            + ")"
                            + needs(method);
            case TypeDeclSnippet type -> "declared " + type.name() + needs(type);
            default -> "";
        };
    }

    private static String shown(String name, String value) {
        return name + " ==>" + (value.contains("\n") ? "\n" : " ") + value;
    }

    private String needs(DeclarationSnippet snippet) {
        String missing = shell.unresolvedDependencies(snippet).collect(Collectors.joining(", "));
        return missing.isEmpty() ? "" : ", usable once these are declared: " + missing;
    }
}
