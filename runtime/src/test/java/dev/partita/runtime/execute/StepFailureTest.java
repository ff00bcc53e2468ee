package dev.partita.runtime.execute;

import static com.google.common.truth.Truth.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.partita.compiler.plan.Binding;
import dev.partita.compiler.plan.ExecutionPlan;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Update;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.problem.ProblemException;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.kernels.Kernel;
import dev.partita.kernels.KernelLibraries;
import dev.partita.kernels.KernelLibrary;
import dev.partita.kernels.KernelRequest;
import dev.partita.runtime.state.HostTensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Whatever ends a step early leaves the weights of the last complete step, and the session usable.
final class StepFailureTest {
    @AfterEach
    void no_device_thread_is_left() {
        assertThat(
                        Thread.getAllStackTraces().keySet().stream()
                                .map(Thread::getName)
                                .filter(name -> name.startsWith("device ")))
                .isEmpty();
    }

    @Test
    void a_number_that_is_not_finite_ends_the_step_and_is_traced_to_its_input() {
        try (var session = Session.open(plan("data=2,tensor=2"), Plans.REFERENCE)) {
            Plans.run(session, 2);
            List<HostTensor> before = weights(session);
            Plans.fill(session.feed(), 3);
            HostTensor examples = HostTensor.zeros(session.feed().type("x"));
            examples.set(90, Double.NaN);
            session.feed().put("x", examples);
            Problem problem = assertThrows(ProblemException.class, session::run).problem();
            assertThat(problem.code()).isEqualTo(ProblemCode.NOT_FINITE);
            assertThat(problem.print()).contains("step:     3\n");
            assertThat(problem.print()).contains("first in: input x\n");
            assertSame(before, weights(session));
            Plans.run(session, 3);
            assertThat(session.scalar("loss")).isFinite();
        }
    }

    @Test
    void an_overflow_is_traced_to_the_layer_and_line_where_it_first_appeared() {
        try (var session = Session.open(plan("data=2"), Plans.REFERENCE)) {
            Plans.fill(session.feed(), 1);
            HostTensor weight = session.readParameter("classes.weight");
            session.writeParameter("classes.weight", HostTensor.generate(weight.type(), _ -> 3e38));
            Problem problem = assertThrows(ProblemException.class, session::run).problem();
            assertThat(problem.print()).contains("first in: einsum");
            assertThat(problem.print()).contains("layer:    classes\n");
            assertThat(problem.origin().file()).isEqualTo("StepFailureTest.java");
        }
    }

    @Test
    void a_label_that_is_no_class_surfaces_as_the_kernels_own_problem() {
        try (var session = Session.open(plan("data=4"), Plans.REFERENCE)) {
            Plans.run(session, 1);
            List<HostTensor> before = weights(session);
            Plans.fill(session.feed(), 2);
            session.feed()
                    .put(
                            "labels",
                            HostTensor.generate(
                                    session.feed().type("labels"), i -> i == 5 ? 4 : 0));
            Problem problem = assertThrows(ProblemException.class, session::run).problem();
            assertThat(problem.code()).isEqualTo(ProblemCode.LABEL_OUT_OF_RANGE);
            assertSame(before, weights(session));
            Plans.run(session, 2);
        }
    }

    @Test
    void a_failing_device_frees_the_others_and_one_exception_surfaces() {
        var fails = new AtomicBoolean();
        var library = new FailingLibrary(op -> op instanceof Op.Einsum, fails);
        try (var session = Session.open(plan("data=8"), new SessionOptions(library, 1))) {
            Plans.run(session, 1);
            List<HostTensor> before = weights(session);
            for (int round = 0; round < 20; round++) {
                fails.set(true);
                Problem problem = assertThrows(ProblemException.class, session::run).problem();
                assertThat(problem.code()).isEqualTo(ProblemCode.DEVICE_FAILED);
                assertThat(problem.print()).contains("as the last complete step left them");
                assertSame(before, weights(session));
            }
            Plans.run(session, 1);
        }
    }

    @Test
    void weights_are_lost_if_a_device_fails_while_they_change_and_the_session_says_so() {
        var fails = new AtomicBoolean();
        var library = new FailingLibrary(op -> op instanceof Update, fails);
        try (var session = Session.open(plan("data=2"), new SessionOptions(library, 1))) {
            Plans.fill(session.feed(), 1);
            fails.set(true);
            Problem problem = assertThrows(ProblemException.class, session::run).problem();
            assertThat(problem.print()).contains("lost");
            assertThat(assertThrows(ProblemException.class, session::run).problem().fix())
                    .isEqualTo("open the plan again");
        }
    }

    @Test
    void a_cancel_ends_the_step_and_the_next_one_runs() {
        try (var session = Session.open(plan("data=4,tensor=2"), Plans.REFERENCE)) {
            Plans.run(session, 1);
            List<HostTensor> before = weights(session);
            session.cancel();
            Problem problem = assertThrows(ProblemException.class, session::run).problem();
            assertThat(problem.code()).isEqualTo(ProblemCode.INTERRUPTED);
            assertSame(before, weights(session));
            Plans.run(session, 2);
        }
    }

    @Test
    void cancels_at_any_moment_leave_the_weights_of_the_last_complete_step() throws Exception {
        int steps = 40;
        var expected = new ArrayList<List<HostTensor>>();
        try (var session = Session.open(plan("data=2,tensor=2"), Plans.REFERENCE)) {
            expected.add(weights(session));
            for (int step = 1; step <= steps; step++) {
                Plans.fill(session.feed(), step);
                session.run();
                expected.add(weights(session));
            }
        }
        try (var session = Session.open(plan("data=2,tensor=2"), Plans.REFERENCE)) {
            session.cancel();
            var done = new AtomicBoolean();
            Thread nervous = Thread.ofPlatform().daemon().start(() -> cancelOften(session, done));
            int complete = 0;
            int cancelled = 0;
            while (complete < steps) {
                Plans.fill(session.feed(), complete + 1);
                try {
                    session.run();
                    complete++;
                } catch (ProblemException e) {
                    assertThat(e.problem().code()).isEqualTo(ProblemCode.INTERRUPTED);
                    cancelled++;
                }
                assertSame(expected.get(complete), weights(session));
            }
            done.set(true);
            nervous.join();
            assertThat(cancelled).isGreaterThan(0);
        }
    }

    private static void cancelOften(Session session, AtomicBoolean done) {
        var random = new Random(1);
        while (!done.get()) {
            LockSupport.parkNanos(random.nextInt(1_000_000));
            session.cancel();
        }
    }

    @Test
    void an_op_without_a_kernel_is_named_and_nothing_stays_open() {
        KernelLibrary library =
                new KernelLibrary() {
                    @Override
                    public String name() {
                        return "bare";
                    }

                    @Override
                    public Optional<Kernel> open(KernelRequest request) {
                        return request.op() instanceof Op.Einsum
                                ? Optional.empty()
                                : KernelLibraries.reference().open(request);
                    }
                };
        var e =
                assertThrows(
                        ProblemException.class,
                        () -> Session.open(plan("data=2"), new SessionOptions(library, 1)));
        assertThat(e.problem().code()).isEqualTo(ProblemCode.UNSUPPORTED_KERNEL);
        assertThat(e.problem().print()).contains("einsum");
        assertThat(e.problem().origin().file()).isEqualTo("StepFailureTest.java");
    }

    @Test
    void closing_twice_is_closing_once_and_a_closed_session_runs_no_more() {
        var session = Session.open(plan("data=2"), Plans.REFERENCE);
        session.close();
        session.close();
        assertThrows(IllegalStateException.class, session::run);
    }

    private static ExecutionPlan plan(String mesh) {
        return Plans.compile(Mesh.parse(mesh), Dtype.F32).plan();
    }

    private static List<HostTensor> weights(Session session) {
        return session.names(Binding.Parameter.class).stream().map(session::readParameter).toList();
    }

    private static void assertSame(List<HostTensor> before, List<HostTensor> after) {
        for (int i = 0; i < before.size(); i++) {
            assertThat(after.get(i).toArray()).isEqualTo(before.get(i).toArray());
        }
    }

    /// The reference kernels, of which one that runs after `fails` was set throws.
    private record FailingLibrary(Predicate<Op> which, AtomicBoolean fails)
            implements KernelLibrary {
        @Override
        public String name() {
            return "failing";
        }

        @Override
        public Optional<Kernel> open(KernelRequest request) {
            Optional<Kernel> kernel = KernelLibraries.reference().open(request);
            return which.test(request.op()) ? kernel.map(this::failing) : kernel;
        }

        private Kernel failing(Kernel kernel) {
            return () -> {
                if (fails.compareAndSet(true, false)) {
                    throw new IllegalStateException("a kernel broke");
                }
                kernel.run();
            };
        }
    }
}
