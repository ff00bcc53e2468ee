package dev.partita.compiler.sharding;

import static com.google.common.truth.Truth.assertThat;
import static dev.partita.compiler.CompileOptions.on;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.partita.compiler.Compilation;
import dev.partita.compiler.CompileOptions;
import dev.partita.compiler.Compiler;
import dev.partita.compiler.plan.Binding;
import dev.partita.compiler.plan.MemoryBytes;
import dev.partita.compiler.plan.PlanDescription;
import dev.partita.compiler.plan.PlanDescription.RoleDescription;
import dev.partita.compiler.plan.Program;
import dev.partita.compiler.plan.Step;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Update;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.problem.ProblemException;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.example.SmallNets;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class DataParallelTest {
    private static final Mesh DATA = Mesh.of("data", 4);

    private static Compilation compile(CompileOptions options) {
        return Compiler.compile(SmallNets.mlp(), options.batch(8));
    }

    private static Compilation fromOneDevice() {
        return compile(on(DATA).dataParallel().over("data"));
    }

    private static Compilation alike() {
        return compile(on(DATA).shard("batch").over("data"));
    }

    private static List<String> kinds(Compilation compilation) {
        return compilation.plan().collectives().stream()
                .map(each -> each.start().op().toString())
                .toList();
    }

    @Test
    void a_step_scatters_broadcasts_gathers_scatters_and_reduces() {
        assertThat(kinds(fromOneDevice()))
                .containsExactly(
                        "scatter data from 0 dim 0",
                        "broadcast data from 0",
                        "broadcast data from 0",
                        "gather data to 0 dim 0",
                        "scatter data from 0 dim 0",
                        "reduce data to 0")
                .inOrder();
    }

    @Test
    void the_borders_are_drawn_in_the_graph_of_the_model() {
        String drawn =
                DataParallel.run(
                                SmallNets.mlp().trace(8, Dtype.F32, false),
                                DATA,
                                fromOneDevice().options().dataParallelRequest())
                        .print();
        assertThat(drawn.lines().map(l -> l.strip().replaceAll(" : .*", "")).toList())
                .containsExactly(
                        "graph mlp",
                        "%0 = input \"x\"",
                        "%1 = parameter \"hidden.weight\"",
                        "%10 = relocate from data=0 %0",
                        "%11 = relocate from data=0 %1",
                        "%3 = parameter \"hidden.bias\"",
                        "%12 = relocate from data=0 %3",
                        "%2 = einsum bk,ok->bo %10 %11",
                        "%4 = add-bias %2 %12",
                        "%5 = relu %4",
                        "%6 = parameter \"classes.weight\"",
                        "%13 = relocate from data=0 %6",
                        "%8 = parameter \"classes.bias\"",
                        "%14 = relocate from data=0 %8",
                        "%7 = einsum bk,ok->bo %5 %13",
                        "%9 = add-bias %7 %14",
                        "%15 = relocate to data=0 %9",
                        "return prediction = %15")
                .inOrder();
    }

    @Test
    void the_first_device_alone_holds_weights_and_optimizer_and_updates_them() {
        Program root = fromOneDevice().plan().program(0);
        Program other = fromOneDevice().plan().program(3);
        assertThat(root.bindings(Binding.Parameter.class).count()).isEqualTo(4);
        assertThat(root.bindings(Binding.State.class).count()).isEqualTo(8);
        assertThat(other.bindings()).isEmpty();
        assertThat(steps(root, Update.class)).isEqualTo(1);
        assertThat(steps(other, Update.class)).isEqualTo(0);
        assertThat(steps(root, Op.CrossEntropy.class)).isEqualTo(1);
        assertThat(steps(other, Op.CrossEntropy.class)).isEqualTo(0);
        assertThat(other.steps().stream().filter(Step.RequireFinite.class::isInstance).toList())
                .isEmpty();
        assertThat(steps(other, Op.Einsum.class)).isEqualTo(steps(root, Op.Einsum.class));
    }

    private static long steps(Program program, Class<? extends Op> kind) {
        return program.steps().stream()
                .filter(step -> step instanceof Step.Compute c && kind.isInstance(c.op()))
                .count();
    }

    @Test
    void memory_by_cause_shows_which_device_is_fuller() {
        List<RoleDescription> roles = PlanDescription.of(fromOneDevice().plan()).roles();
        assertThat(roles.stream().map(RoleDescription::role).toList())
                .containsExactly("data=0", "data=1..3")
                .inOrder();
        assertThat(roles.stream().map(RoleDescription::devices).toList())
                .containsExactly(1, 3)
                .inOrder();
        MemoryBytes root = roles.getFirst().memoryBytes();
        MemoryBytes other = roles.getLast().memoryBytes();
        long parameters = 4 * (8 * 6 + 8 + 4 * 8 + 4);
        assertThat(root.weights()).isEqualTo(parameters);
        assertThat(root.optimizer()).isEqualTo(2 * parameters);
        assertThat(other.weights()).isEqualTo(0);
        assertThat(other.optimizer()).isEqualTo(0);
        // the weights that it was sent lie there as well, for the length of a step
        assertThat(other.activations() + other.buffers()).isGreaterThan(parameters);
        assertThat(root.total()).isGreaterThan(2 * other.total());
        assertThat(fromOneDevice().plan().memoryBytes()).isEqualTo(root);
    }

    @Test
    void the_difference_to_equal_devices_is_read_off_role_by_role() {
        String difference =
                alike().difference(fromOneDevice())
                        .describe()
                        .replaceAll("SmallNets.java:\\d+", "LINE")
                        .replaceAll("%\\d+", "%n")
                        // the bytes of the rows below these change with every pass
                        .replaceAll("(?m)^ +(activations|buffers|memory in all) .*\n", "");
        assertThat(difference)
                .isEqualTo(
                        """
                        mlp on mesh[data=4]
                          - 372 bytes: all-reduce data because %n [] sum{data} meets require-finite loss (and 4 more), LINE
                          + 192 bytes: scatter data from 0 dim 0 because %n [{}, {}] at{data=0} is used on all devices, LINE
                          + 224 bytes: broadcast data from 0 because %n [{}, {}] at{data=0} is used on all devices (and 1 more), LINE
                          + 144 bytes: broadcast data from 0 because %n [{}, {}] at{data=0} is used on all devices (and 1 more), LINE
                          + 32 bytes: gather data to 0 dim 0 because %n [{data}, {}] is used at data=0, LINE
                          + 128 bytes: scatter data from 0 dim 0 because %n [{}, {}] at{data=0} is used on all devices, LINE
                          + 368 bytes: reduce data to 0 because %n [{}] sum{data} is used at data=0 (and 3 more), LINE
                          bytes at data=0                before          after           more
                          to collectives                    372          1,088           +716
                          weights                           368            368             +0
                          gradients                         368            368             +0
                          optimizer                         736            736             +0
                          bytes at data=1..3             before          after           more
                          to collectives                    372            400            +28
                          weights                           368              0           -368
                          gradients                         368              0           -368
                          optimizer                         736              0           -736
                        """);
    }

    @Test
    void the_cause_names_the_request_and_the_users_line() {
        String why = fromOneDevice().explain("hidden.weight");
        assertThat(why)
                .containsMatch(
                        "parameter \"hidden.weight\" : .* lies \\[\\{}, \\{}] at\\{data=0}\n"
                                + " +at data=0 because dataParallel\\(\\).over\\(\"data\"\\),"
                                + " DataParallelTest.java:\\d+");
        assertThat(fromOneDevice().explain("data")).contains("reduce data to 0 because");
        assertThat(fromOneDevice().explain("batch"))
                .contains("batch because dataParallel().over(\"data\")");
    }

    @Test
    void memory_of_both_is_said_in_one_line() {
        assertThat(fromOneDevice().toString())
                .matches("mlp on mesh.*, [\\d,]+ to [\\d,]+ bytes a device");
        assertThat(alike().toString()).matches("mlp on mesh.*, [\\d,]+ bytes a device");
    }

    @Test
    void every_role_of_a_plan_is_printed() {
        String text = fromOneDevice().plan().print();
        assertThat(text).startsWith("plan mlp on mesh[data=4]: 4 devices\nat data=0: rank 0, ");
        assertThat(text).containsMatch("\nat data=1..3: rank 1, 2, 3, \\d+ bytes each\n");
        assertThat(text).containsMatch("broadcast data from 0 -> s\\d+ s\\d+ : f32");
        assertThat(text).containsMatch("broadcast data from 0 s\\d+ s\\d+ -> : f32");
    }

    @Test
    void other_axes_split_what_lives_on_the_first_device_as_ever() {
        Mesh mesh = Mesh.of("data", 2).by("third", 2);
        Compilation plan =
                compile(
                        on(mesh).dataParallel()
                                .over("data")
                                .shard("batch")
                                .over("data", "third")
                                .zero(1)
                                .over("third"));
        assertThat(plan.explain("hidden.weight"))
                .contains(
                        "hidden.weight/first-moment\" : f32[hidden=8, x=6] lies [{third}, {}] at{data=0}");
        assertThat(PlanDescription.of(plan.plan()).roles().stream().map(RoleDescription::role))
                .containsExactly("data=0", "data=1");
    }

    @Test
    void one_device_scatters_nothing() {
        Compilation plan = compile(on(Mesh.of("data", 1)).dataParallel().over("data"));
        assertThat(kinds(plan)).isEmpty();
        assertThat(fromOneDevice().options().onOneDevice().dataParallelRequest())
                .isEqualTo(Optional.empty());
    }

    @Test
    void evaluation_is_placed_alike_and_gathers_the_prediction() {
        assertThat(kinds(fromOneDevice().forward()))
                .containsExactly(
                        "scatter data from 0 dim 0",
                        "broadcast data from 0",
                        "broadcast data from 0",
                        "gather data to 0 dim 0");
    }

    @Test
    void zero_has_nothing_to_split_over_the_same_axis() {
        CompileOptions both = on(DATA).dataParallel().over("data").zero(1).over("data");
        Problem problem = assertThrows(ProblemException.class, () -> compile(both)).problem();
        assertThat(problem.code()).isEqualTo(ProblemCode.ZERO_WITHOUT_DATA_PARALLELISM);
        assertThat(problem.sentence()).contains("along data one device keeps it for all");
        assertThat(problem.origin().file()).isEqualTo("DataParallelTest.java");
    }

    @Test
    void an_unknown_axis_and_none_at_all_are_problems() {
        var unknown =
                assertThrows(ProblemException.class, () -> on(DATA).dataParallel().over("date"));
        assertThat(unknown.problem().code()).isEqualTo(ProblemCode.UNKNOWN_AXIS);
        var none = assertThrows(ProblemException.class, () -> on(DATA).dataParallel().over());
        assertThat(none.problem().fix()).contains("dataParallel().over(\"data\")");
    }

    @Test
    void a_batch_that_does_not_divide_is_asked_of_the_request() {
        var odd =
                assertThrows(
                        ProblemException.class,
                        () ->
                                Compiler.compile(
                                        SmallNets.mlp(),
                                        on(DATA).dataParallel().over("data").batch(6)));
        assertThat(odd.problem().print()).contains("asked by:  dataParallel().over(\"data\")");
    }
}
