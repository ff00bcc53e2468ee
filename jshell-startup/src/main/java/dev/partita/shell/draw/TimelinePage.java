package dev.partita.shell.draw;

import com.google.gson.stream.JsonWriter;
import dev.partita.compiler.plan.Activity;
import dev.partita.compiler.plan.MemoryCurve.Moment;
import dev.partita.compiler.plan.Timeline;
import dev.partita.compiler.plan.Timeline.Device;
import dev.partita.compiler.plan.Timeline.Memory;
import dev.partita.compiler.plan.Timeline.Span;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Timelines as a page that needs nothing but itself: a lane for each device, drawn as SVG by a
/// script that zooms, pans and tells what is pointed at, with keys and mouse; memory over time
/// below.
///
/// The data is small, so that a step of millions of operations still opens: words and activities
/// once each, times as whole ticks from the end of the span before, memory as differences.
final class TimelinePage {
    /// Ticks of the longest timeline.
    private static final double TICKS = 2e7;

    /// Bytes are counted exactly up to here, and in grains above.
    private static final long EXACT = 1L << 32;

    private static final long GRAIN = 1L << 16;

    private static final String[] LEGEND = {
        "F forward",
        "B backward",
        "W gradients of weights",
        "C computes",
        "M communicates",
        "I waits"
    };
    private static final String[] USES = {
        "weights", "optimizer", "gradients", "activations", "buffers", "between those in use"
    };

    private final String title;
    private final List<String> sentences;
    private final List<Timeline> timelines;
    private final Map<String, Integer> words = new LinkedHashMap<>();
    private final Map<Activity, Integer> activities = new LinkedHashMap<>();
    private final double tick;
    private final long grain;

    private TimelinePage(String title, List<String> sentences, List<Timeline> timelines) {
        this.title = title;
        this.sentences = sentences;
        this.timelines = timelines;
        double longest = timelines.stream().mapToDouble(Timeline::seconds).max().orElse(0);
        tick = longest == 0 ? 1 : longest / TICKS;
        long most =
                timelines.stream()
                        .flatMap(timeline -> timeline.devices().stream())
                        .mapToLong(Device::peakBytes)
                        .max()
                        .orElse(0);
        grain = most < EXACT ? 1 : GRAIN;
    }

    /// The page.
    static String draw(String title, List<String> sentences, List<Timeline> timelines) {
        return new TimelinePage(title, sentences, timelines).html();
    }

    private String html() {
        var paragraphs = new StringBuilder();
        sentences.forEach(each -> paragraphs.append("<p>%s</p>%n".formatted(Page.escaped(each))));
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
        <header>
        <h1>%s</h1>
        %s<p class="keys">Drag to pan, Ctrl and wheel to zoom, drag along the times to zoom to a part, double-click to zoom
        in; keys: ← → pan, + − zoom, 0 all, ↑ ↓ device, Shift ← → activity, Enter zooms to it.
        <button id="in" title="zoom in">+</button> <button id="out" title="zoom out">−</button>
        <button id="all" title="the whole step">all</button></p>
        <p class="legend">%s</p>
        </header>
        <svg id="axis" aria-hidden="true"></svg>
        <svg id="chart" role="application" tabindex="0" aria-label="%s"></svg>
        <footer>
        <div id="details" aria-live="polite"></div>
        <svg id="memory" role="img" aria-label="memory of the device over time"></svg>
        <p class="legend">%s</p>
        </footer>
        <script id="data" type="application/json">%s</script>
        <script>
        %s</script>
        </body>
        </html>
        """
                .formatted(
                        Page.escaped(title),
                        resource("timeline.css"),
                        Page.escaped(title),
                        paragraphs,
                        legend(LEGEND),
                        Page.escaped(title),
                        uses(),
                        data(),
                        resource("timeline.js"));
    }

    private static String legend(String[] entries) {
        var text = new StringBuilder();
        for (String entry : entries) {
            text.append(
                    "<span><i class=\"%s\"></i>%s</span>"
                            .formatted(entry.substring(0, 1), entry.substring(2)));
        }
        return text.toString();
    }

    private static String uses() {
        var text = new StringBuilder();
        for (int use = 0; use < USES.length; use++) {
            text.append("<span><i class=\"u%d\"></i>%s</span>".formatted(use, USES[use]));
        }
        return text.toString();
    }

    private static String resource(String name) {
        try (InputStream in = TimelinePage.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException(name + " is not packed");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String data() {
        var text = new StringWriter();
        try (var json = new JsonWriter(text)) {
            json.setHtmlSafe(true);
            json.beginObject().name("tick").value(tick).name("grain").value(grain);
            json.name("timelines").beginArray();
            for (Timeline timeline : timelines) {
                json.beginObject().name("name").value(word(timeline.name()));
                json.name("seconds").value(timeline.seconds()).name("devices").beginArray();
                for (Device device : timeline.devices()) {
                    write(json, device);
                }
                json.endArray().endObject();
            }
            json.endArray().name("activities").beginArray();
            for (Activity each : activities.keySet()) {
                json.beginArray();
                json.value(word(each.what())).value(word(each.action())).value(word(each.layer()));
                json.value(word(each.source())).value(word(each.because()));
                json.value(each.bytes()).value(each.step()).endArray();
            }
            json.endArray().name("words").beginArray();
            for (String word : words.keySet()) {
                json.value(word);
            }
            json.endArray().endObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return text.toString();
    }

    private void write(JsonWriter json, Device device) throws IOException {
        json.beginObject().name("name").value(word(device.name()));
        json.name("rank").value(device.rank()).name("alike").value(device.alike());
        Map<String, List<Span>> streams = new LinkedHashMap<>();
        for (Span span : device.spans()) {
            streams.computeIfAbsent(span.stream(), _ -> new ArrayList<>()).add(span);
        }
        json.name("streams").beginArray();
        for (Map.Entry<String, List<Span>> stream : streams.entrySet()) {
            json.beginObject().name("name").value(word(stream.getKey()));
            json.name("spans").beginArray();
            long end = 0;
            for (Span span : stream.getValue()) {
                long from = ticks(span.start());
                long to = ticks(span.end());
                json.value(from - end).value(to - from).value(activity(span.activity()));
                end = to;
            }
            json.endArray().endObject();
        }
        json.endArray().name("memory").beginArray();
        long at = 0;
        var before = new long[USES.length];
        for (Memory memory : device.memory()) {
            long now = ticks(memory.at());
            json.value(now - at);
            at = now;
            long[] bytes = grains(memory.bytes());
            for (int use = 0; use < bytes.length; use++) {
                json.value(bytes[use] - before[use]);
            }
            before = bytes;
        }
        json.endArray().endObject();
    }

    private long ticks(double seconds) {
        return Math.round(seconds / tick);
    }

    private long[] grains(Moment moment) {
        return new long[] {
            moment.weights() / grain,
            moment.optimizer() / grain,
            moment.gradients() / grain,
            moment.activations() / grain,
            moment.buffers() / grain,
            moment.between() / grain
        };
    }

    private int word(String word) {
        return words.computeIfAbsent(word, _ -> words.size());
    }

    private int activity(Activity activity) {
        return activities.computeIfAbsent(activity, _ -> activities.size());
    }
}
