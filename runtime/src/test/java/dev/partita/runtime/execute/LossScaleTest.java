package dev.partita.runtime.execute;

import static com.google.common.truth.Truth.assertThat;
import static dev.partita.compiler.CompileOptions.on;
import static dev.partita.dsl.layer.Layers.adam;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.partita.compiler.Compiler;
import dev.partita.compiler.Precision;
import dev.partita.compiler.plan.ExecutionPlan;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.problem.ProblemException;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.dsl.tensor.TensorType;
import dev.partita.kernels.Buffer;
import dev.partita.kernels.Kernel;
import dev.partita.kernels.KernelLibraries;
import dev.partita.kernels.KernelLibrary;
import dev.partita.kernels.KernelRequest;
import dev.partita.runtime.state.Elements;
import dev.partita.runtime.state.HostTensor;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

/// An overflow in f16 costs time and nothing else, and all devices pay it together.
final class LossScaleTest {
    @Test
    void steps_in_f16_come_close_to_f32() {
        try (var half = Session.open(plan("data=2,tensor=2", Precision.F16), Plans.REFERENCE);
                var full = Session.open(plan("data=2", Precision.F32), Plans.REFERENCE)) {
            for (Session session : new Session[] {half, full}) {
                Plans.run(session, 5);
            }
            assertThat(half.scalar("loss")).isWithin(2e-3).of(full.scalar("loss"));
            assertThat(scale(half)).isEqualTo(65_536);
            assertThat(goodSteps(half)).isEqualTo(5);
            assertThat(half.skippedUpdates()).isEqualTo(0);
        }
    }

    @Test
    void a_step_that_overflows_is_run_again_with_half_the_scale_until_it_does_not() {
        try (var high = Session.open(plan("data=2,tensor=2", Precision.F16), Plans.REFERENCE);
                var usual = Session.open(plan("data=2,tensor=2", Precision.F16), Plans.REFERENCE)) {
            set(high, "loss-scale", 0x1p40);
            set(high, "good-steps", 7);
            for (Session session : new Session[] {high, usual}) {
                Plans.run(session, 1);
            }
            assertThat(high.skippedUpdates()).isGreaterThan(10);
            assertThat(scale(high)).isEqualTo(Math.scalb(1.0, 40 - (int) high.skippedUpdates()));
            assertThat(goodSteps(high)).isEqualTo(1);
            assertThat(high.scalar("gradient-norm"))
                    .isWithin(1e-3)
                    .of(usual.scalar("gradient-norm"));
        }
    }

    @Test
    void the_scale_doubles_after_2000_good_steps() {
        try (var session = Session.open(plan("data=2", Precision.F16), Plans.REFERENCE)) {
            set(session, "loss-scale", 256);
            set(session, "good-steps", 1_998);
            Plans.run(session, 1);
            assertThat(scale(session)).isEqualTo(256);
            Plans.run(session, 1);
            assertThat(scale(session)).isEqualTo(512);
            assertThat(goodSteps(session)).isEqualTo(0);
        }
    }

    @Test
    void gradients_that_overflow_even_with_a_scale_of_1_are_a_problem_that_names_the_place() {
        var always = new Overflows(_ -> true);
        try (var session =
                Session.open(plan("data=2", Precision.F16), new SessionOptions(always, 1))) {
            Plans.fill(session.feed(), 1);
            Problem problem = assertThrows(ProblemException.class, session::run).problem();
            assertThat(problem.code()).isEqualTo(ProblemCode.NOT_FINITE);
            assertThat(problem.print()).contains("square-root");
            assertThat(session.skippedUpdates()).isEqualTo(16);
            assertThat(scale(session)).isEqualTo(1);
        }
    }

    /// The classic mistake: one device finds an overflow that the others do not see.
    @Test
    void a_device_that_alone_finds_an_overflow_never_parts_from_the_others() {
        double expected;
        try (var session = Session.open(plan("data=2", Precision.F16), Plans.REFERENCE)) {
            Plans.run(session, 2);
            expected = session.scalar("loss");
        }
        for (int round = 0; round < 20; round++) {
            var once = new AtomicBoolean(true);
            var second =
                    new Overflows(device -> device.equals("device 1") && once.getAndSet(false));
            var options = new SessionOptions(second, 1);
            try (var session = Session.open(plan("data=2", Precision.F16), options)) {
                try {
                    Plans.run(session, 2);
                    assertThat(session.skippedUpdates()).isEqualTo(1);
                    assertThat(session.scalar("loss")).isWithin(1e-3).of(expected);
                } catch (ProblemException e) {
                    assertThat(e.problem().code()).isEqualTo(ProblemCode.DEVICE_FAILED);
                    assertThat(e.problem().print()).contains("devices disagree");
                    assertThrows(ProblemException.class, session::run);
                }
            }
            assertThat(once.get()).isFalse();
        }
    }

    private static ExecutionPlan plan(String meshText, Precision precision) {
        Mesh mesh = Mesh.parse(meshText);
        var options = on(mesh).batch(8).precision(precision).optimizer(adam(1e-2));
        options = options.shard("batch").over("data");
        if (mesh.has("tensor")) {
            options = options.shard("hidden").over("tensor");
        }
        return Compiler.compile(Plans.mlp(), options).plan();
    }

    private static double scale(Session session) {
        return session.readState("loss-scale").get(0);
    }

    private static double goodSteps(Session session) {
        return session.readState("good-steps").get(0);
    }

    private static void set(Session session, String state, double value) {
        TensorType scalar = TensorType.scalar(Dtype.F32);
        session.writeState(state, HostTensor.generate(scalar, _ -> value));
    }

    /// The reference kernels, but on some devices at some times the gradient norm is infinite.
    private record Overflows(Predicate<String> on) implements KernelLibrary {
        @Override
        public String name() {
            return "overflows";
        }

        @Override
        public Optional<Kernel> open(KernelRequest request) {
            Optional<Kernel> kernel = KernelLibraries.reference().open(request);
            boolean norm = request.op().toString().contains("square-root");
            return norm ? kernel.map(k -> overflowing(k, request.result(0))) : kernel;
        }

        private Kernel overflowing(Kernel kernel, Buffer norm) {
            return () -> {
                kernel.run();
                if (on.test(Thread.currentThread().getName())) {
                    Elements.set(norm.type().dtype(), norm.memory(), 0, Double.POSITIVE_INFINITY);
                }
            };
        }
    }
}
