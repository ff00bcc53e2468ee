package dev.partita.shell.draw;

import com.google.gson.stream.JsonWriter;
import dev.partita.compiler.plan.Activity;
import dev.partita.compiler.plan.MemoryCurve.Moment;
import dev.partita.compiler.plan.Timeline;
import dev.partita.compiler.plan.Timeline.Device;
import dev.partita.compiler.plan.Timeline.Memory;
import dev.partita.compiler.plan.Timeline.Span;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;

/// Timelines as the trace that Perfetto and chrome://tracing open (Google, "Trace Event Format",
/// JSON object format): a process for each device, a thread for each of its streams, memory as a
/// counter. Times are microseconds.
final class TimelineTrace {
    private static final double MICROS = 1e6;

    private final JsonWriter json;
    private int process;

    private TimelineTrace(JsonWriter json) {
        this.json = json;
    }

    /// The trace.
    static String draw(List<Timeline> timelines) {
        var text = new StringWriter();
        try (var json = new JsonWriter(text)) {
            json.beginObject().name("displayTimeUnit").value("ms");
            json.name("traceEvents").beginArray();
            var trace = new TimelineTrace(json);
            for (Timeline timeline : timelines) {
                for (Device device : timeline.devices()) {
                    trace.write(timeline, device);
                }
            }
            json.endArray().endObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return text.toString();
    }

    private void write(Timeline timeline, Device device) throws IOException {
        process++;
        name("process_name", 0, timeline.name() + " " + device.name());
        List<String> streams = new ArrayList<>();
        for (Span span : device.spans()) {
            if (!streams.contains(span.stream())) {
                streams.add(span.stream());
                name("thread_name", streams.size(), span.stream());
            }
            write(span, streams.indexOf(span.stream()) + 1);
        }
        for (Memory memory : device.memory()) {
            write(memory);
        }
    }

    private void name(String kind, int thread, String name) throws IOException {
        begin("M", kind, 0, thread).name("args").beginObject().name("name").value(name);
        json.endObject().endObject();
    }

    private void write(Span span, int thread) throws IOException {
        Activity activity = span.activity();
        boolean waits = Timeline.isWaiting(span.stream());
        begin("X", (waits ? "waits for " : "") + activity.what(), span.start(), thread);
        json.name("dur").value(MICROS * span.seconds());
        json.name("args").beginObject();
        json.name("step").value(activity.step()).name("bytes").value(activity.bytes());
        argument("action", activity.action());
        argument("layer", activity.layer());
        argument("source", activity.source());
        argument("because", activity.because());
        json.endObject().endObject();
    }

    private void argument(String name, String value) throws IOException {
        if (!value.isEmpty()) {
            json.name(name).value(value);
        }
    }

    private void write(Memory memory) throws IOException {
        Moment bytes = memory.bytes();
        begin("C", "memory", memory.at(), 0).name("args").beginObject();
        json.name("weights").value(bytes.weights()).name("optimizer").value(bytes.optimizer());
        json.name("gradients").value(bytes.gradients());
        json.name("activations").value(bytes.activations());
        json.name("buffers").value(bytes.buffers()).name("between").value(bytes.between());
        json.endObject().endObject();
    }

    private JsonWriter begin(String phase, String name, double seconds, int thread)
            throws IOException {
        json.beginObject().name("ph").value(phase).name("name").value(name);
        json.name("pid").value(process).name("tid").value(thread);
        return json.name("ts").value(MICROS * seconds);
    }
}
