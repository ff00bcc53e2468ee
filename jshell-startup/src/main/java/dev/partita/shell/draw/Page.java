package dev.partita.shell.draw;

import java.util.List;
import java.util.stream.Collectors;

/// A page that needs nothing but itself: a heading, some sentences, a table and pictures, for light
/// and dark ground, on a screen and on paper.
///
/// @param sentences paragraphs under the heading
/// @param heading of the table, one word for each column
/// @param rows of the table
/// @param pictures SVG elements
public record Page(
        String title,
        List<String> sentences,
        List<String> heading,
        List<List<String>> rows,
        List<String> pictures) {
    /// The first five colours are those of Okabe and Ito (2008), which the colour-blind can tell
    /// apart.
    private static final String STYLE =
            """
            :root { color-scheme: light dark; --ink: #1d1f23; --soft: #5c626b; --line: #d7dae0; --ground: #ffffff }
            @media (prefers-color-scheme: dark) {
              :root { --ink: #e8e9ec; --soft: #a2a8b2; --line: #3a3e46; --ground: #16181c }
            }
            body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--ground);
                   max-width: 800px; margin: 2.5rem auto; padding: 0 1.2rem }
            h1 { font-size: 1.5rem; line-height: 1.25; margin-bottom: .5rem }
            p { color: var(--soft); margin: .4rem 0 }
            table { border-collapse: collapse; width: 100%; margin: 1.4rem 0; font-variant-numeric: tabular-nums }
            th, td { text-align: right; padding: .35rem .5rem; border-bottom: 1px solid var(--line) }
            th { color: var(--soft); font-weight: 600 }
            th:first-child, td:first-child { text-align: left }
            svg { width: 100%; height: auto; margin: .8rem 0; display: block }
            svg text { font: 12px system-ui, sans-serif; fill: var(--ink) }
            svg .title { font-weight: 600; font-size: 13px }
            svg .name { fill: var(--soft) }
            svg .s0 { fill: #0072b2 } svg .s1 { fill: #e69f00 } svg .s2 { fill: #009e73 }
            svg .s3 { fill: #56b4e9 } svg .s4 { fill: #cc79a7 }
            """;

    public Page {
        sentences = List.copyOf(sentences);
        heading = List.copyOf(heading);
        rows = rows.stream().map(List::copyOf).toList();
        pictures = List.copyOf(pictures);
    }

    /// Text as HTML shows it.
    static String escaped(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }

    /// The page.
    public String html() {
        return """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>%s</title>
        <style>
        %s</style>
        </head>
        <body>
        <h1>%s</h1>
        %s
        <table>
        <thead>%s</thead>
        <tbody>
        %s
        </tbody>
        </table>
        %s</body>
        </html>
        """
                .formatted(
                        escaped(title),
                        STYLE,
                        escaped(title),
                        sentences.stream()
                                .map(each -> "<p>" + escaped(each) + "</p>")
                                .collect(Collectors.joining("\n")),
                        row("th", heading),
                        rows.stream()
                                .map(each -> row("td", each))
                                .collect(Collectors.joining("\n")),
                        String.join("\n", pictures));
    }

    private static String row(String cell, List<String> words) {
        return words.stream()
                .map(each -> "<%s>%s</%s>".formatted(cell, escaped(each), cell))
                .collect(Collectors.joining("", "<tr>", "</tr>"));
    }
}
