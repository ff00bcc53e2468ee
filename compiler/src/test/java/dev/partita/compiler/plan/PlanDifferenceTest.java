package dev.partita.compiler.plan;

import static com.google.common.truth.Truth.assertThat;
import static dev.partita.compiler.CompileOptions.on;

import dev.partita.compiler.Compilation;
import dev.partita.compiler.CompileOptions;
import dev.partita.compiler.Compiler;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.example.SmallNets;
import org.junit.jupiter.api.Test;

class PlanDifferenceTest {
    private static final CompileOptions DATA =
            on(Mesh.of("data", 2)).shard("batch").over("data").batch(8);

    private static Compilation compile(CompileOptions options) {
        return Compiler.compile(SmallNets.mlp(), options);
    }

    @Test
    void a_plan_differs_in_nothing_from_itself() {
        PlanDifference none = compile(DATA).difference(compile(DATA));
        assertThat(none.appeared()).isEmpty();
        assertThat(none.disappeared()).isEmpty();
        assertThat(none.toString())
                .isEqualTo("0 collectives appear, 0 disappear, +0 bytes a device");
    }

    @Test
    void what_zero_changes_is_read_off() {
        String difference = compile(DATA).difference(compile(DATA.zero(1).over("data"))).describe();
        assertThat(difference.replaceAll("SmallNets.java:\\d+", "LINE"))
                .isEqualTo(
                        """
                        mlp on mesh[data=2]
                          + 8 bytes: all-gather data dim 0 because %37 [{data}] replaces %8, LINE
                          + 64 bytes: all-gather data dim 0 because %42 [{data}, {}] replaces %6, LINE
                          + 16 bytes: all-gather data dim 0 because %47 [{data}] replaces %3, LINE
                          + 96 bytes: all-gather data dim 0 because %52 [{data}, {}] replaces %1, LINE
                          bytes a device                 before          after           more
                          to collectives                    372            556           +184
                          weights                           368            368             +0
                          gradients                         368            368             +0
                          optimizer                         736            368           -368
                          activations                       476            476             +0
                          buffers                           564            676           +112
                          memory in all                   2,512          2,256           -256
                        """);
    }

    @Test
    void another_mesh_is_named() {
        CompileOptions tensor = on(Mesh.of("tensor", 2)).shard("hidden").over("tensor").batch(8);
        PlanDifference difference = compile(DATA).difference(compile(tensor));
        assertThat(difference.describe().lines().findFirst())
                .hasValue("mlp on mesh[data=2] -> mlp on mesh[tensor=2]");
        assertThat(difference.disappeared().getFirst().axis()).isEqualTo("data");
        assertThat(difference.appeared().getFirst().axis()).isEqualTo("tensor");
    }
}
