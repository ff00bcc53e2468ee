package dev.partita.shell.draw;

import dev.partita.compiler.pipeline.PipelineAction;
import dev.partita.compiler.plan.Timeline;
import dev.partita.compiler.plan.Timeline.Device;
import dev.partita.compiler.plan.Timeline.Span;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/// Timelines in characters: time to the right, a device a line, and where devices communicate a
/// line for that below. A cell shows what takes most of its time; what an action of a schedule does
/// stands in it where there is room.
///
/// ```
/// pipe=0 │0F0──0F1──········0B0━━━━━0B1━━━━━▓
/// pipe=1 │·····1F0──1B0━━━━1F1──1B1━━━━     ▓
/// ```
final class TimelineText {
    /// Communication has lines of its own for at most so many lanes.
    private static final int MOST_WITH_COMMUNICATION = 16;

    private static final String LEGEND =
            "─ forward  ━ backward  ╌ gradients of weights  ▓ other  ▒ communicates  · waits";
    private static final String PLAIN_LEGEND = "▓ computes  ▒ communicates  · waits";

    private final int columns;
    private final double seconds;

    private TimelineText(int columns, double seconds) {
        this.columns = columns;
        this.seconds = seconds;
    }

    /// A device of one of the timelines.
    private record Lane(String name, int timeline, Device device) {}

    /// Draws timelines beside each other, device by device.
    ///
    /// @param width of all, in characters
    static String draw(List<Timeline> timelines, int width) {
        double seconds = timelines.stream().mapToDouble(Timeline::seconds).max().orElse(0);
        List<Lane> lanes = new ArrayList<>();
        for (int i = 0; i < timelines.size(); i++) {
            for (Device device : timelines.get(i).devices()) {
                String of = timelines.size() == 1 ? "" : " " + timelines.get(i).word();
                String alike = device.alike() == 1 ? "" : " ×" + device.alike();
                lanes.add(new Lane(device.name() + alike + of, i, device));
            }
        }
        lanes.sort(
                Comparator.comparingInt((Lane lane) -> lane.device().rank())
                        .thenComparingInt(Lane::timeline));
        int name = lanes.stream().mapToInt(lane -> lane.name().length()).max().orElse(0);
        var text = new StringBuilder();
        for (Timeline timeline : timelines) {
            text.append("%s: %s%n".formatted(timeline.name(), time(timeline.seconds())));
        }
        var drawing = new TimelineText(Math.max(10, width - name - 2), seconds);
        for (Lane lane : lanes) {
            String padded = lane.name() + " ".repeat(name - lane.name().length());
            text.append(padded).append(" │").append(drawing.work(lane.device())).append('\n');
            String moved = drawing.moved(lane.device());
            if (!moved.isBlank() && lanes.size() <= MOST_WITH_COMMUNICATION) {
                text.append(" ".repeat(name)).append(" │").append(moved).append('\n');
            }
        }
        String end = time(seconds);
        text.append(" ".repeat(name)).append(" └0");
        text.append("─".repeat(drawing.columns - 1 - end.length())).append(end).append('\n');
        boolean scheduled = lanes.stream().anyMatch(lane -> lane.device().isScheduled());
        return text.append(scheduled ? LEGEND : PLAIN_LEGEND).append('\n').toString();
    }

    private static String time(double seconds) {
        return seconds >= 1
                ? String.format(Locale.ROOT, "%.4g s", seconds)
                : String.format(Locale.ROOT, "%.4g ms", 1e3 * seconds);
    }

    private String work(Device device) {
        List<Span> spans =
                device.spans().stream()
                        .filter(s ->
                                s.stream().equals(Timeline.COMPUTE)
                                        || Timeline.isWaiting(s.stream()))
                        .toList();
        char[] line = line(spans, 0.5);
        label(line, spans);
        return new String(line).stripTrailing();
    }

    private String moved(Device device) {
        return new String(
                        line(
                                device.spans().stream()
                                        .filter(s -> !s.stream().equals(Timeline.COMPUTE))
                                        .filter(s -> !Timeline.isWaiting(s.stream()))
                                        .toList(),
                                0.1))
                .stripTrailing();
    }

    /// What takes most of the time of each cell; nothing if all together take less than a part of
    /// it.
    private char[] line(List<Span> spans, double least) {
        String marks = "─━╌▓▒·";
        var shares = new double[columns][marks.length()];
        double cell = seconds / columns;
        for (Span span : spans) {
            int mark = marks.indexOf(mark(span));
            int first = Math.max(0, (int) (span.start() / cell));
            for (int i = first; i < columns && i * cell < span.end(); i++) {
                double from = Math.max(span.start(), i * cell);
                shares[i][mark] += Math.min(span.end(), (i + 1) * cell) - from;
            }
        }
        var line = new char[columns];
        for (int i = 0; i < columns; i++) {
            int most = 0;
            for (int mark = 1; mark < marks.length(); mark++) {
                most = shares[i][mark] > shares[i][most] ? mark : most;
            }
            boolean seen = Arrays.stream(shares[i]).sum() >= least * cell;
            line[i] = seen ? marks.charAt(most) : ' ';
        }
        return line;
    }

    private static char mark(Span span) {
        if (Timeline.isWaiting(span.stream())) {
            return '·';
        }
        if (!span.stream().equals(Timeline.COMPUTE)) {
            return '▒';
        }
        String action = span.activity().action();
        if (action.isEmpty()) {
            return '▓';
        }
        return switch (PipelineAction.parse(action).work()) {
            case F -> '─';
            case B -> '━';
            case W -> '╌';
        };
    }

    /// Writes the words of actions over the cells that they fill.
    private void label(char[] line, List<Span> spans) {
        List<Span> works = spans.stream().filter(s -> !Timeline.isWaiting(s.stream())).toList();
        int i = 0;
        while (i < works.size()) {
            String action = works.get(i).activity().action();
            int last = i;
            while (last + 1 < works.size()
                    && works.get(last + 1).activity().action().equals(action)) {
                last++;
            }
            int from = cell(works.get(i).start());
            int to = cell(works.get(last).end());
            if (!action.isEmpty() && action.length() < to - from) {
                action.getChars(0, action.length(), line, from);
            }
            i = last + 1;
        }
    }

    private int cell(double time) {
        return (int) Math.min(columns, Math.round(time / seconds * columns));
    }
}
