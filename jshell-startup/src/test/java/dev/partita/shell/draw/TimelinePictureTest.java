package dev.partita.shell.draw;

import static com.google.common.truth.Truth.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.partita.compiler.plan.Activity;
import dev.partita.compiler.plan.MemoryCurve.Moment;
import dev.partita.compiler.plan.Timeline;
import dev.partita.compiler.plan.Timeline.Device;
import dev.partita.compiler.plan.Timeline.Memory;
import dev.partita.compiler.plan.Timeline.Span;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.problem.ProblemException;
import java.util.List;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;

final class TimelinePictureTest {
    private static final TimelinePicture STAGES =
            picture(
                    timeline(
                            "predicted on paper",
                            device(
                                    0,
                                    span("compute", "0F0", 0, 1),
                                    span("compute", "0F1", 1, 2),
                                    span("wait for a stage", "0B0", 2, 4),
                                    span("compute", "0B0", 4, 6),
                                    span("compute", "", 9, 10)),
                            device(
                                    1,
                                    span("wait for a stage", "1F0", 0, 1),
                                    span("compute", "1F0", 1, 2),
                                    span("compute", "1B0", 2, 4),
                                    span("pipe 1 to 0", "1B0", 4, 4.5),
                                    span("compute", "1W0", 5, 6))));

    private static TimelinePicture picture(Timeline... timelines) {
        return new TimelinePicture("net </script> on paper", List.of("a < b"), List.of(timelines));
    }

    private static Timeline timeline(String name, Device... devices) {
        return new Timeline(name, 10, List.of(devices));
    }

    private static Device device(int rank, Span... spans) {
        List<Memory> memory =
                List.of(
                        new Memory(0, new Moment(0, 4, 8, 0, 0, 0, 0)),
                        new Memory(5, new Moment(3, 4, 8, 4, 100, 0, 2)));
        return new Device("pipe=" + rank, rank, 1, List.of(spans), memory);
    }

    private static Span span(String stream, String action, double start, double end) {
        var activity = new Activity(7, "einsum <b>", action, "hidden", "Mlp.java:14", "", 64);
        return new Span(stream, activity, start, end);
    }

    @Test
    void stages_in_characters_show_their_actions_and_what_they_wait_for() {
        assertThat(STAGES.text(48))
                .isEqualTo(
                        """
                        net </script> on paper
                        predicted on paper: 10.00 s
                        pipe=0 │0F0─0F1─········0B0━━━━━            ▓▓▓▓
                        pipe=1 │····1F0─1B0━━━━━    1W0╌
                               │                ▒▒
                               └0────────────────────────────────10.00 s
                        ─ forward  ━ backward  ╌ gradients of weights  ▓ other  ▒ communicates  · waits
                        """);
    }

    @Test
    void what_was_measured_stands_under_what_was_foretold_device_by_device() {
        TimelinePicture both =
                picture(
                        timeline("predicted here", device(0, span("compute", "", 0, 10))),
                        timeline("measured", device(0, span("compute", "", 0, 5))));
        assertThat(both.text(40))
                .isEqualTo(
                        """
                        net </script> on paper
                        predicted here: 10.00 s
                        measured: 10.00 s
                        pipe=0 predicted │▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓
                        pipe=0 measured  │▓▓▓▓▓▓▓▓▓▓▓
                                         └0──────────────10.00 s
                        ▓ computes  ▒ communicates  · waits
                        """);
    }

    @Test
    void a_trace_has_a_thread_for_every_stream_and_memory_as_a_counter() {
        JsonArray events =
                JsonParser.parseString(STAGES.trace())
                        .getAsJsonObject()
                        .getAsJsonArray("traceEvents");
        List<JsonObject> spans = events(events, "X");
        assertThat(spans).hasSize(10);
        JsonObject sent = spans.get(8);
        assertThat(sent.get("ts").getAsDouble()).isEqualTo(4e6);
        assertThat(sent.get("dur").getAsDouble()).isEqualTo(0.5e6);
        assertThat(sent.get("pid").getAsInt()).isEqualTo(2);
        assertThat(sent.getAsJsonObject("args").get("source").getAsString())
                .isEqualTo("Mlp.java:14");
        assertThat(spans.get(2).get("name").getAsString()).isEqualTo("waits for einsum <b>");
        List<String> names =
                events(events, "M").stream()
                        .map(each -> each.getAsJsonObject("args").get("name").getAsString())
                        .toList();
        assertThat(names)
                .containsExactly(
                        "predicted on paper pipe=0",
                        "compute",
                        "wait for a stage",
                        "predicted on paper pipe=1",
                        "wait for a stage",
                        "compute",
                        "pipe 1 to 0")
                .inOrder();
        List<JsonObject> memory = events(events, "C");
        assertThat(memory).hasSize(4);
        assertThat(memory.get(1).getAsJsonObject("args").get("activations").getAsLong())
                .isEqualTo(100);
    }

    private static List<JsonObject> events(JsonArray events, String phase) {
        return StreamSupport.stream(events.spliterator(), false)
                .map(JsonElement::getAsJsonObject)
                .filter(event -> event.get("ph").getAsString().equals(phase))
                .toList();
    }

    @Test
    void a_page_needs_nothing_but_itself_and_its_data_reads_back() {
        String html = STAGES.html();
        assertThat(html).doesNotContainMatch("https?:|src=|href=|@import|url\\(");
        String start = "<script id=\"data\" type=\"application/json\">";
        int from = html.indexOf(start) + start.length();
        JsonObject data =
                JsonParser.parseString(html.substring(from, html.indexOf("</script>", from)))
                        .getAsJsonObject();
        double tick = data.get("tick").getAsDouble();
        JsonObject device =
                data.getAsJsonArray("timelines")
                        .get(0)
                        .getAsJsonObject()
                        .getAsJsonArray("devices")
                        .get(0)
                        .getAsJsonObject();
        JsonArray computes =
                device.getAsJsonArray("streams").get(0).getAsJsonObject().getAsJsonArray("spans");
        double end = 0;
        for (int i = 0; i < computes.size(); i += 3) {
            end += (computes.get(i).getAsLong() + computes.get(i + 1).getAsLong()) * tick;
        }
        assertThat(end).isWithin(1e-5).of(10);
        JsonArray activity =
                data.getAsJsonArray("activities").get(computes.get(5).getAsInt()).getAsJsonArray();
        assertThat(word(data, activity.get(0))).isEqualTo("einsum <b>");
        assertThat(word(data, activity.get(1))).isEqualTo("0F1");
        long bytes = 0;
        for (int i = 0; i < device.getAsJsonArray("memory").size(); i++) {
            bytes += i % 7 == 0 ? 0 : device.getAsJsonArray("memory").get(i).getAsLong();
        }
        assertThat(bytes).isEqualTo(118);
    }

    private static String word(JsonObject data, JsonElement index) {
        return data.getAsJsonArray("words").get(index.getAsInt()).getAsString();
    }

    @Test
    void a_file_is_written_as_its_ending_says() {
        assertThat(STAGES.as("step.html")).startsWith("<!doctype html>");
        assertThat(STAGES.as("a.b.json")).startsWith("{");
        assertThat(STAGES.as("step.txt")).startsWith("net");
        ProblemException refused =
                assertThrows(ProblemException.class, () -> STAGES.as("step.pdf"));
        assertThat(refused.problem().code()).isEqualTo(ProblemCode.INVALID_ARGUMENT);
    }
}
