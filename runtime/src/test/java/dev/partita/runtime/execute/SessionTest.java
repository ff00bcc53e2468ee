package dev.partita.runtime.execute;

import static com.google.common.truth.Truth.assertThat;
import static com.google.common.truth.Truth.assertWithMessage;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.partita.compiler.Compilation;
import dev.partita.compiler.plan.Binding;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.problem.ProblemException;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.kernels.KernelLibraries;
import dev.partita.runtime.state.HostTensor;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class SessionTest {
    @ParameterizedTest(name = "mesh {0}")
    @ValueSource(
            strings = {
                "data=1",
                "data=2",
                "data=8",
                "tensor=2",
                "tensor=4",
                "data=2,tensor=2",
                "tensor=2,data=4"
            })
    void a_placed_step_computes_what_one_device_computes(String mesh) {
        Compilation placed = Plans.compile(Mesh.parse(mesh), Dtype.F64);
        try (var many = Session.open(placed.plan(), Plans.REFERENCE);
                var one = Session.open(placed.oneDevice().plan(), Plans.REFERENCE)) {
            for (int step = 1; step <= 3; step++) {
                for (Session session : List.of(many, one)) {
                    Plans.fill(session.feed(), step);
                    session.run();
                }
                assertThat(many.scalar("loss")).isWithin(1e-12).of(one.scalar("loss"));
                for (String output : one.names(Binding.Output.class)) {
                    close(output, many.gather(output), one.gather(output));
                }
                for (String name : one.names(Binding.Parameter.class)) {
                    close(name, many.readParameter(name), one.readParameter(name));
                }
                for (String name : one.names(Binding.State.class)) {
                    close(name, many.readState(name), one.readState(name));
                }
            }
        }
    }

    private static void close(String name, HostTensor a, HostTensor b) {
        assertWithMessage(name)
                .that(a.toArray())
                .usingTolerance(1e-10)
                .containsExactly(b.toArray());
    }

    @Test
    void first_weights_are_the_same_bits_under_every_placement() {
        try (var one = open("", Dtype.F32);
                var many = open("data=2,tensor=4", Dtype.F32)) {
            for (String name : one.names(Binding.Parameter.class)) {
                assertThat(many.readParameter(name).sameBits(one.readParameter(name))).isTrue();
            }
            assertThat(one.names(Binding.Parameter.class))
                    .containsExactly(
                            "hidden.weight", "hidden.bias", "classes.weight", "classes.bias");
        }
    }

    @Test
    void the_same_seed_gives_the_same_bits_again() {
        var runs = new ArrayList<HostTensor>();
        for (int i = 0; i < 2; i++) {
            try (var session = open("data=4,tensor=2", Dtype.F32)) {
                Plans.run(session, 5);
                runs.add(session.readParameter("hidden.weight"));
            }
        }
        assertThat(runs.get(0).sameBits(runs.get(1))).isTrue();
    }

    @Test
    void training_on_the_same_examples_lowers_the_loss() {
        try (var session = open("data=2", Dtype.F32)) {
            Plans.fill(session.feed(), 1);
            session.run();
            double first = session.scalar("loss");
            for (int step = 2; step <= 60; step++) {
                session.feed().put("step", step);
                session.run();
            }
            assertThat(session.scalar("loss")).isLessThan(first / 4);
        }
    }

    @ParameterizedTest(name = "mesh {0}")
    @ValueSource(strings = {"", "data=2", "data=2,tensor=2"})
    void the_measured_peak_is_the_predicted_one(String mesh) {
        Compilation placed = Plans.compile(Mesh.parse(mesh), Dtype.F32);
        try (var session = Session.open(placed.plan(), Plans.REFERENCE)) {
            Plans.run(session, 2);
            assertThat(session.peakBytes().stream().distinct())
                    .containsExactly(placed.plan().program(0).arenaBytes());
        }
    }

    @Test
    void a_rehearsal_leaves_no_trace() {
        var plan = Plans.compile(Mesh.parse("data=2,tensor=2"), Dtype.F32).plan();
        for (var kernels : List.of(KernelLibraries.reference(), KernelLibraries.cpu())) {
            try (var plain = Session.open(plan, new SessionOptions(kernels, 1, false));
                    var rehearsed = Session.open(plan, new SessionOptions(kernels, 1, true))) {
                Plans.run(plain, 3);
                Plans.run(rehearsed, 3);
                for (String name : plain.names(Binding.Parameter.class)) {
                    assertThat(rehearsed.readParameter(name).sameBits(plain.readParameter(name)))
                            .isTrue();
                }
                assertThat(rehearsed.peakBytes()).isEqualTo(plain.peakBytes());
            }
        }
    }

    @Test
    void what_is_written_is_read_back_whole_from_its_blocks() {
        try (var session = open("data=2,tensor=4", Dtype.F32)) {
            for (String name : session.names(Binding.Parameter.class)) {
                HostTensor before = session.readParameter(name);
                HostTensor written = HostTensor.generate(before.type(), i -> i + 0.5);
                session.writeParameter(name, written);
                assertThat(session.readParameter(name).toArray()).isEqualTo(written.toArray());
            }
            HostTensor wrong = HostTensor.zeros(session.readParameter("hidden.bias").type());
            assertThrows(
                    ProblemException.class, () -> session.writeParameter("classes.bias", wrong));
        }
    }

    @Test
    void an_unknown_name_is_answered_with_the_near_one() {
        try (var session = open("data=2", Dtype.F32)) {
            var e =
                    assertThrows(
                            ProblemException.class, () -> session.readParameter("hiden.weight"));
            assertThat(e.problem().code()).isEqualTo(ProblemCode.INVALID_ARGUMENT);
            assertThat(e.problem().fix()).contains("hidden.weight");
            assertThrows(ProblemException.class, () -> session.feed().put("y", 1));
        }
    }

    @Test
    void an_input_that_was_not_fed_or_does_not_fit_is_a_problem() {
        try (var session = open("data=2", Dtype.F32)) {
            assertThat(assertThrows(ProblemException.class, session::run).problem().sentence())
                    .isEqualTo("An input was not fed.");
            HostTensor small = HostTensor.zeros(session.feed().type("labels"));
            var e = assertThrows(ProblemException.class, () -> session.feed().put("x", small));
            assertThat(e.problem().code()).isEqualTo(ProblemCode.SHAPE_MISMATCH);
        }
    }

    private static Session open(String mesh, Dtype dtype) {
        return Session.open(Plans.compile(Mesh.parse(mesh), dtype).plan(), Plans.REFERENCE);
    }
}
