package dev.partita.shell.bench;

import static com.google.common.truth.Truth.assertThat;

import dev.partita.compiler.Precision;
import java.io.DataInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class HandoverTest {
    @TempDir Path folder;

    @Test
    void a_peer_gets_weights_in_the_order_of_layers_then_examples_and_labels() throws IOException {
        Path file = folder.resolve("handover");
        var setting = new Setting(Workload.TINY, 10, Precision.F32, 2);
        double firstWeight;
        try (var step = TrainingStep.open(setting.compile(), Workload.TINY.classes())) {
            firstWeight = step.session().readParameter("hidden.weight").get(0);
            Handover.write(step, file);
        }
        List<String> types = new ArrayList<>();
        List<Integer> words = new ArrayList<>();
        try (var in = new DataInputStream(Files.newInputStream(file))) {
            for (int count = in.readInt(); count > 0; count--) {
                var type = new StringBuilder(in.readUTF());
                int elements = 1;
                for (int rank = in.readInt(); rank > 0; rank--) {
                    long size = in.readLong();
                    type.append(' ').append(size);
                    elements *= (int) size;
                }
                types.add(type.toString());
                for (int i = 0; i < elements; i++) {
                    words.add(Integer.reverseBytes(in.readInt()));
                }
            }
            assertThat(in.read()).isEqualTo(-1);
        }
        assertThat(types)
                .containsExactly("f32 5 10", "f32 5", "f32 2 5", "f32 2", "f32 10 10", "i32 10")
                .inOrder();
        assertThat(Float.intBitsToFloat(words.getFirst())).isEqualTo((float) firstWeight);
        assertThat(words.subList(words.size() - 10, words.size())).containsAtLeast(0, 1);
    }
}
