package dev.partita.shell.workbench;

import dev.partita.shell.engine.Engine;
import java.util.Arrays;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import jdk.jshell.SourceCodeAnalysis.Attribute;
import jdk.jshell.SourceCodeAnalysis.Highlight;
import org.jline.reader.Highlighter;
import org.jline.reader.LineReader;
import org.jline.utils.AttributedString;
import org.jline.utils.AttributedStringBuilder;
import org.jline.utils.AttributedStyle;

/// Colours a snippet while it is typed: keywords and declarations as javac sees them, literals and
/// comments by their spelling.
record SnippetHighlighter(Engine engine) implements Highlighter {
    private static final AttributedStyle KEYWORD =
            AttributedStyle.DEFAULT.foreground(AttributedStyle.BLUE);
    private static final AttributedStyle DECLARATION = AttributedStyle.BOLD;
    private static final AttributedStyle DEPRECATED = AttributedStyle.DEFAULT.crossedOut();
    private static final AttributedStyle COMMENT = AttributedStyle.DEFAULT.faint();
    private static final AttributedStyle TEXT =
            AttributedStyle.DEFAULT.foreground(AttributedStyle.GREEN);
    private static final AttributedStyle NUMBER =
            AttributedStyle.DEFAULT.foreground(AttributedStyle.CYAN);

    private static final Pattern SPELLED =
            Pattern.compile(
                    "(?<comment>//[^\\n]*|/\\*(?s:.*?)(?:\\*/|$))"
                            + "|(?<text>\"\"\"(?s:.*?)(?:\"\"\"|$)|\"(?:\\\\.|[^\"\\\\\\n])*\"?|'(?:\\\\.|[^'\\\\\\n])*'?)"
                            + "|(?<number>\\b\\d[\\w.]*(?:(?<=[eE])[-+]\\d+\\w*)?)");

    @Override
    public AttributedString highlight(LineReader reader, String buffer) {
        return Commands.isCommand(buffer) ? new AttributedString(buffer) : colour(buffer);
    }

    AttributedString colour(String buffer) {
        var styles = new AttributedStyle[buffer.length()];
        Arrays.fill(styles, AttributedStyle.DEFAULT);
        for (Highlight each : engine.highlights(buffer)) {
            Arrays.fill(styles, each.start(), each.end(), style(each.attributes()));
        }
        Matcher spelled = SPELLED.matcher(buffer);
        while (spelled.find()) {
            Arrays.fill(styles, spelled.start(), spelled.end(), style(spelled));
        }
        var text = new AttributedStringBuilder();
        for (int i = 0; i < styles.length; i++) {
            text.style(styles[i]).append(buffer.charAt(i));
        }
        return text.toAttributedString();
    }

    private static AttributedStyle style(Set<Attribute> attributes) {
        if (attributes.contains(Attribute.KEYWORD)) {
            return KEYWORD;
        }
        return attributes.contains(Attribute.DEPRECATED) ? DEPRECATED : DECLARATION;
    }

    private static AttributedStyle style(Matcher spelled) {
        if (spelled.group("comment") != null) {
            return COMMENT;
        }
        return spelled.group("text") != null ? TEXT : NUMBER;
    }
}
