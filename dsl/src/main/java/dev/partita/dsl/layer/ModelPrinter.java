package dev.partita.dsl.layer;

import dev.partita.dsl.graph.Node;
import dev.partita.dsl.graph.Op;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/// Writes a model as text: one line for a prompt, or a table of its layers.
final class ModelPrinter {
    private static final int LINE = 80;

    private ModelPrinter() {}

    static String line(Model model) {
        String text =
                "model %s: %s, %s, %s parameters"
                        .formatted(
                                model.name(),
                                model.input().word(),
                                layers(model.layers().size()),
                                count(model.parameters()));
        return text.length() <= LINE ? text : text.substring(0, LINE - 1) + "…";
    }

    private static String layers(int count) {
        return count + (count == 1 ? " layer" : " layers");
    }

    static String print(Model model) {
        Map<String, List<Node>> layers =
                Tracer.layers(model).nodes().stream()
                        .collect(
                                Collectors.groupingBy(
                                        Node::layer, LinkedHashMap::new, Collectors.toList()));
        List<Row> rows =
                layers.entrySet().stream()
                        .map(e ->
                                Row.of(
                                        e.getKey().isEmpty()
                                                ? model.input().word().name()
                                                : e.getKey(),
                                        e.getValue()))
                        .toList();
        int name = rows.stream().mapToInt(r -> r.name().length()).max().orElse(0);
        int type = rows.stream().mapToInt(r -> r.type().length()).max().orElse(0);
        var text = new StringBuilder("model " + model.name() + ", one example at a time\n");
        for (Row row : rows) {
            text.append(
                            ("  %-" + name + "s  %-" + type + "s  %11s  %s")
                                    .formatted(
                                            row.name(), row.type(), row.parameters(), row.origin())
                                    .stripTrailing())
                    .append('\n');
        }
        model.loss().ifPresent(l -> text.append("  loss ").append(l.word()).append('\n'));
        return text.append("  ")
                .append(count(model.parameters()))
                .append(" parameters\n")
                .toString();
    }

    private static String count(long number) {
        return String.format(Locale.ROOT, "%,d", number);
    }

    private record Row(String name, String type, String parameters, String origin) {
        static Row of(String name, List<Node> nodes) {
            long parameters =
                    nodes.stream()
                            .filter(n -> n.op() instanceof Op.Parameter)
                            .mapToLong(n -> n.result().type().shape().elements())
                            .sum();
            return new Row(
                    name,
                    nodes.getLast().results().getFirst().type().toString(),
                    parameters == 0 ? "" : count(parameters),
                    nodes.getFirst().origin().toString());
        }
    }
}
