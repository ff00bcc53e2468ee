package dev.partita.compiler.pipeline;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/// Steps downwards, devices across: what runs at the same time. Where a schedule stops, the last
/// row has what each device waits with.
///
/// ```
/// step  device 0  device 1
///    0  0F0
///    1  0F1       1F0
///  ...  0B1 !!    1B0 !!
/// ```
final class ScheduleGrid {
    private static final int ROWS = 12;
    private static final String MARK = " !!";

    private ScheduleGrid() {}

    /// The last steps before a schedule stops, and the actions at which it does.
    static String draw(
            List<List<PipelineAction>> devices,
            Map<PipelineAction, Integer> deviceOf,
            List<List<PipelineAction>> steps,
            int[] next) {
        List<List<String>> rows = new ArrayList<>();
        rows.add(heading(devices.size()));
        for (int step = Math.max(0, steps.size() - ROWS); step < steps.size(); step++) {
            List<String> row = new ArrayList<>(Collections.nCopies(devices.size() + 1, ""));
            row.set(0, Integer.toString(step));
            for (PipelineAction action : steps.get(step)) {
                row.set(deviceOf.getOrDefault(action, 0) + 1, action.toString());
            }
            rows.add(row);
        }
        List<String> stopped = new ArrayList<>(List.of("..."));
        for (int device = 0; device < devices.size(); device++) {
            List<PipelineAction> actions = devices.get(device);
            stopped.add(next[device] < actions.size() ? actions.get(next[device]) + MARK : "");
        }
        rows.add(stopped);
        return align(rows);
    }

    private static List<String> heading(int devices) {
        List<String> heading = new ArrayList<>(List.of("step"));
        for (int device = 0; device < devices; device++) {
            heading.add("device " + device);
        }
        return heading;
    }

    private static String align(List<List<String>> rows) {
        var text = new StringBuilder();
        for (List<String> row : rows) {
            var line = new StringBuilder("%4s".formatted(row.getFirst()));
            for (int column = 1; column < row.size(); column++) {
                int width = width(rows, column);
                line.append("  ").append(row.get(column));
                line.repeat(' ', width - row.get(column).length());
            }
            text.append(line.toString().stripTrailing()).append('\n');
        }
        return text.substring(0, text.length() - 1);
    }

    private static int width(List<List<String>> rows, int column) {
        return rows.stream().mapToInt(row -> row.get(column).length()).max().orElse(0);
    }
}
