package dev.partita.compiler.memory;

import static com.google.common.truth.Truth.assertThat;
import static com.google.common.truth.Truth.assertWithMessage;
import static dev.partita.compiler.CompileOptions.on;

import dev.partita.compiler.Compiler;
import dev.partita.compiler.plan.Binding;
import dev.partita.compiler.plan.Program;
import dev.partita.compiler.plan.Slot;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.example.SmallNets;
import java.util.List;
import org.junit.jupiter.api.Test;

class PackArenaTest {
    private static final Program PROGRAM =
            Compiler.compile(
                            SmallNets.convnet(), on(Mesh.of("data", 2)).shard("batch").over("data"))
                    .plan()
                    .program(0);

    @Test
    void the_arena_ends_with_its_highest_slot() {
        assertThat(PROGRAM.slots().stream().mapToLong(Slot::end).max().orElse(0))
                .isEqualTo(PROGRAM.arenaBytes());
    }

    @Test
    void slots_outside_buckets_begin_on_cache_lines() {
        for (Slot slot : PROGRAM.slots()) {
            assertWithMessage("%s", slot).that(slot.offset() % 64).isEqualTo(0);
        }
    }

    @Test
    void weights_and_state_share_memory_with_nothing_but_their_updates() {
        List<Slot> kept =
                PROGRAM.bindings().stream()
                        .filter(b -> !(b instanceof Binding.Output))
                        .map(b -> PROGRAM.slot(b.slot()))
                        .toList();
        for (Slot slot : kept) {
            for (Slot other : PROGRAM.slots()) {
                boolean same = other.offset() == slot.offset() && other.type().equals(slot.type());
                assertWithMessage("%s and %s", slot, other)
                        .that(slot.overlaps(other) && !same)
                        .isFalse();
            }
        }
    }

    @Test
    void memory_is_used_again_once_a_value_is_dead() {
        long together = PROGRAM.slots().stream().mapToLong(s -> s.type().bytes()).sum();
        assertThat(PROGRAM.arenaBytes()).isLessThan(together * 3 / 4);
    }
}
