package dev.partita.shell.notebook;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import java.util.ArrayList;
import java.util.List;

/// The form that Jupyter reads: [nbformat
/// 4](https://nbformat.readthedocs.io/en/latest/format_description.html).
public final class JupyterNotebook {
    private static final Gson GSON =
            new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create();
    private static final String VARIES = "varies";

    private JupyterNotebook() {}

    /// A notebook with the outputs of a run.
    public static String write(List<CellRun> runs) {
        var cells = new JsonArray();
        int count = 0;
        for (CellRun run : runs) {
            var cell = new JsonObject();
            cell.addProperty("id", "cell-" + (cells.size() + 1));
            switch (run.cell()) {
                case Cell.Prose prose -> {
                    cell.addProperty("cell_type", "markdown");
                    cell.add("metadata", new JsonObject());
                    cell.add("source", lines(prose.source()));
                }
                case Cell.Code code -> {
                    count++;
                    cell.addProperty("cell_type", "code");
                    cell.addProperty("execution_count", count);
                    cell.add("metadata", tags(code));
                    cell.add("source", lines(code.source()));
                    cell.add("outputs", outputs(run, count));
                }
            }
            cells.add(cell);
        }
        var notebook = new JsonObject();
        notebook.add("cells", cells);
        notebook.add(
                "metadata",
                JsonParser.parseString(
                        """
                        {"kernelspec": {"display_name": "Java", "language": "java", "name": "java"},
                         "language_info": {"name": "java", "file_extension": ".jsh", "mimetype": "text/x-java-source"}}
                        """));
        notebook.addProperty("nbformat", 4);
        notebook.addProperty("nbformat_minor", 5);
        return GSON.toJson(notebook) + "\n";
    }

    private static JsonObject tags(Cell.Code code) {
        var metadata = new JsonObject();
        if (code.varies()) {
            var tags = new JsonArray();
            tags.add(VARIES);
            metadata.add("tags", tags);
        }
        return metadata;
    }

    private static JsonArray outputs(CellRun run, int count) {
        var outputs = new JsonArray();
        if (!run.printed().isEmpty()) {
            var stream = new JsonObject();
            stream.addProperty("name", "stdout");
            stream.addProperty("output_type", "stream");
            stream.add("text", lines(run.printed()));
            outputs.add(stream);
        }
        if (!run.shown().isEmpty()) {
            var data = new JsonObject();
            data.add("text/plain", lines(run.shown()));
            var result = new JsonObject();
            result.add("data", data);
            result.addProperty("execution_count", count);
            result.add("metadata", new JsonObject());
            result.addProperty("output_type", "execute_result");
            outputs.add(result);
        }
        return outputs;
    }

    /// A text as the list of its lines, each but the last with its end.
    private static JsonArray lines(String text) {
        var lines = new JsonArray();
        for (String line : text.split("(?<=\n)", -1)) {
            if (!line.isEmpty()) {
                lines.add(line);
            }
        }
        return lines;
    }

    /// What two runs of the same notebook have in common, line by line: cells that vary lose their
    /// outputs, and rounding errors, speeds, times and terminal colours are blotted out.
    public static List<String> comparable(String notebook) {
        JsonObject json = JsonParser.parseString(notebook).getAsJsonObject();
        for (JsonElement each : json.getAsJsonArray("cells")) {
            JsonObject cell = each.getAsJsonObject();
            JsonElement tags = cell.getAsJsonObject("metadata").get("tags");
            if (tags != null && tags.getAsJsonArray().contains(new JsonPrimitive(VARIES))) {
                cell.add("outputs", new JsonArray());
            }
        }
        var lines = new ArrayList<String>();
        GSON.toJson(json).lines().map(JupyterNotebook::blot).forEach(lines::add);
        return lines;
    }

    private static String blot(String line) {
        return line.replaceAll("(?:\u001b|\\\\u001b)\\[[0-9;]*[A-Za-z]", "")
                .replaceAll("\\d+\\.\\d+[eE][-+]\\d+", "~")
                .replaceAll("[\\d,.]+ (?=samples/s|ms\\b|s\\b)", "~ ");
    }
}
