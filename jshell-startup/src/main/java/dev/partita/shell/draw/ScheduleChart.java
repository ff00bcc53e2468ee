package dev.partita.shell.draw;

import dev.partita.compiler.pipeline.PipelineAction.Work;
import dev.partita.compiler.pipeline.ScheduleTimes;
import dev.partita.compiler.pipeline.ScheduleTimes.Timed;
import java.util.Arrays;
import java.util.List;

/// Time to the right, a device a line; what an action does stands in it where there is room, a dot
/// is a moment of waiting.
///
/// ```
/// device 0 │0F0─0F1─····0B0━━━━━0B1━━━━━
/// device 1 │····1F0─1B0━━━1F1─1B1━━━····
/// ```
public final class ScheduleChart {
    private ScheduleChart() {}

    /// Draws a schedule.
    ///
    /// @param columns width of the time axis in characters
    public static String draw(ScheduleTimes times, int columns) {
        double end = times.makespan();
        List<List<Timed>> devices = times.actions();
        int width = Integer.toString(devices.size() - 1).length();
        var text = new StringBuilder();
        for (int device = 0; device < devices.size(); device++) {
            text.append("device %s │".formatted(" ".repeat(width - digits(device)) + device));
            text.append(line(devices.get(device), columns / end, columns)).append('\n');
        }
        return text.toString();
    }

    private static int digits(int device) {
        return Integer.toString(device).length();
    }

    private static String line(List<Timed> actions, double scale, int columns) {
        var line = new char[columns];
        Arrays.fill(line, '·');
        for (Timed each : actions) {
            int from = (int) Math.round(each.start() * scale);
            int to = Math.min(columns, (int) Math.round(each.end() * scale));
            String label = each.action().toString();
            String shown = label.length() < to - from ? label : each.action().work().name();
            for (int i = from; i < to; i++) {
                line[i] = i - from < shown.length() ? shown.charAt(i - from) : fill(each);
            }
        }
        return new String(line);
    }

    private static char fill(Timed each) {
        Work work = each.action().work();
        return switch (work) {
            case F -> '─';
            case B -> '━';
            case W -> '╌';
        };
    }
}
