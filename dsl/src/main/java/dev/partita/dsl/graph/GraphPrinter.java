package dev.partita.dsl.graph;

/// Writes a graph as text, one node a line, the user's line at the end; the grammar is in the
/// package's documentation.
public final class GraphPrinter {
    private GraphPrinter() {}

    public static String print(Graph graph) {
        int width =
                graph.nodes().stream()
                        .mapToInt(n -> n.toString().length())
                        .filter(w -> w <= 100)
                        .max()
                        .orElse(0);
        var text = new StringBuilder("graph ").append(graph.name()).append('\n');
        for (Node node : graph.nodes()) {
            String line = node.toString();
            text.append("  ").append(line);
            String place = (node.layer() + " " + node.origin()).strip();
            if (!place.isEmpty()) {
                text.repeat(' ', Math.max(0, width - line.length())).append("  ; ").append(place);
            }
            text.append('\n');
        }
        graph.outputs()
                .forEach((name, value) ->
                        text.append("  return ")
                                .append(name)
                                .append(" = ")
                                .append(value)
                                .append('\n'));
        return text.toString();
    }
}
