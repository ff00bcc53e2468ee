package dev.partita.runtime.execute;

import static com.google.common.truth.Truth.assertThat;
import static com.google.common.truth.Truth.assertWithMessage;

import dev.partita.compiler.CompileOptions;
import dev.partita.compiler.Compiler;
import dev.partita.compiler.cost.ClusterSpec;
import dev.partita.compiler.cost.DeviceSpec;
import dev.partita.compiler.plan.ExecutionPlan;
import dev.partita.compiler.plan.MemoryCurve;
import dev.partita.compiler.plan.MemoryCurve.Moment;
import dev.partita.compiler.plan.MemoryUse;
import dev.partita.compiler.plan.Program;
import dev.partita.compiler.plan.Slot;
import dev.partita.compiler.plan.SlotLives;
import dev.partita.compiler.plan.Timeline;
import dev.partita.compiler.plan.Timeline.Device;
import dev.partita.compiler.simulate.Simulator;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.example.RandomCase;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

final class MeasuredTimelineTest {
    private static final List<MemoryUse> USES = List.of(MemoryUse.values());
    private static final ClusterSpec CLUSTER = new ClusterSpec(DeviceSpec.named("a100-80gb"), 8);

    static LongStream seeds() {
        return LongStream.range(1, 1 + Math.min(500, Long.getLong("property.cases", 300) / 25));
    }

    private static ExecutionPlan fourStages(String schedule) {
        return stages(Mesh.of("pipe", 4), schedule);
    }

    private static ExecutionPlan stages(Mesh mesh, String schedule) {
        CompileOptions options = CompileOptions.on(mesh).batch(16).microBatches(4);
        options = mesh.has("data") ? options.shard("batch").over("data") : options;
        int stages = mesh.size("pipe");
        return Compiler.compile(
                        DeepNets.ofEightLayers(),
                        options.stages(stages).schedule(schedule).over("pipe"))
                .plan();
    }

    @ParameterizedTest(name = "{1} on {0}")
    @CsvSource({
        "pipe=4, gpipe",
        "pipe=4, 1f1b",
        "pipe=4, zb-h1",
        "'pipe=2,data=2', 1f1b",
    })
    void stages_do_what_was_foretold_in_that_order(String mesh, String schedule) {
        ExecutionPlan plan = stages(Mesh.parse(mesh), schedule);
        Timeline foretold = Simulator.run(plan, CLUSTER).timeline(plan, "predicted");
        Timeline measured = measured(plan);
        assertThat(measured.devices()).hasSize(4);
        for (Device device : measured.devices()) {
            Device expected = foretold.devices().get(plan.programOf().get(device.rank()));
            List<Integer> order = expected.order(Timeline.COMPUTE);
            assertWithMessage("rank %s", device.rank()).that(order.size()).isGreaterThan(20);
            assertWithMessage("rank %s", device.rank())
                    .that(device.order(Timeline.COMPUTE))
                    .isEqualTo(order);
        }
    }

    private static Timeline measured(ExecutionPlan plan) {
        try (var session = Session.open(plan, Plans.REFERENCE)) {
            DeepNets.fill(session.feed());
            return session.record();
        }
    }

    @Test
    void a_device_does_one_thing_at_a_time_and_a_step_ends_with_its_last() {
        Timeline measured = measured(fourStages("1f1b"));
        double last = 0;
        for (Device device : measured.devices()) {
            double end = 0;
            for (Timeline.Span span : device.spans()) {
                assertWithMessage("%s", span).that(span.start()).isAtLeast(end - 1e-12);
                assertWithMessage("%s", span).that(span.end()).isAtLeast(span.start());
                end = span.end();
            }
            last = Math.max(last, end);
        }
        assertThat(last).isAtMost(measured.seconds());
        assertThat(last).isGreaterThan(measured.seconds() / 2);
    }

    @Test
    void a_step_that_is_recorded_allocates_no_more_than_any_other() {
        ExecutionPlan plan = Plans.compile(Mesh.of("data", 2), Dtype.F32).plan();
        try (var session = Session.open(plan, Plans.REFERENCE)) {
            Plans.run(session, 20);
            long plain = Long.MAX_VALUE;
            long recorded = Long.MAX_VALUE;
            for (int i = 0; i < 20; i++) {
                session.run();
                plain = Math.min(plain, session.allocatedBytes());
                session.record();
                recorded = Math.min(recorded, session.allocatedBytes());
            }
            assertThat(recorded).isAtMost(plain);
        }
    }

    @ParameterizedTest(name = "memory over time is full once, seed {0}")
    @MethodSource("seeds")
    void memory_over_time_reaches_the_size_of_the_arena_and_counts_every_byte(long seed) {
        for (Program program : RandomCase.draw(seed).compile().plan().programs()) {
            MemoryCurve curve = MemoryCurve.of(program);
            assertThat(curve.peakBytes()).isEqualTo(program.arenaBytes());
            SlotLives lives = SlotLives.of(program);
            for (int i = 0; i < curve.moments().size(); i += 1 + curve.moments().size() / 7) {
                Moment moment = curve.moments().get(i);
                assertWithMessage("%s", moment)
                        .that(moment)
                        .isEqualTo(painted(program, lives, moment.step()));
            }
        }
    }

    /// Byte by byte.
    private static Moment painted(Program program, SlotLives lives, int step) {
        var use = new int[Math.toIntExact(program.arenaBytes())];
        Arrays.fill(use, USES.size());
        int end = 0;
        for (Slot slot : program.slots()) {
            if (lives.isAlive(slot.id(), step)) {
                for (int i = (int) slot.offset(); i < slot.end(); i++) {
                    use[i] = Math.min(use[i], USES.indexOf(slot.use()));
                }
                end = Math.max(end, (int) slot.end());
            }
        }
        var bytes = new long[USES.size() + 1];
        for (int i = 0; i < end; i++) {
            bytes[use[i]]++;
        }
        return new Moment(
                step,
                bytes[USES.indexOf(MemoryUse.WEIGHTS)],
                bytes[USES.indexOf(MemoryUse.OPTIMIZER)],
                bytes[USES.indexOf(MemoryUse.GRADIENTS)],
                bytes[USES.indexOf(MemoryUse.ACTIVATIONS)],
                bytes[USES.indexOf(MemoryUse.BUFFERS)],
                bytes[USES.size()]);
    }
}
