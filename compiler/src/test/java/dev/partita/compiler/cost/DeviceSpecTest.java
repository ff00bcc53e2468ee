package dev.partita.compiler.cost;

import static com.google.common.truth.Truth.assertThat;
import static com.google.common.truth.Truth.assertWithMessage;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.partita.dsl.problem.ProblemException;
import dev.partita.dsl.tensor.Dtype;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DeviceSpecTest {
    @Test
    void every_device_has_a_file_that_can_be_read() {
        for (String name : DeviceSpec.NAMES) {
            DeviceSpec device = DeviceSpec.named(name);
            boolean shared = device.cores() > 0;
            assertWithMessage(name).that(device.peak(Dtype.BF16)).isAtLeast(shared ? 1e11 : 3e14);
            assertWithMessage(name).that(device.memoryBytes()).isAtLeast((shared ? 8L : 80L) << 30);
            assertWithMessage(name)
                    .that(device.inside().bytesPerSecond())
                    .isAtLeast(device.between().bytesPerSecond());
        }
    }

    @Test
    void a_device_that_is_written_to_a_file_reads_back(@TempDir Path folder) throws IOException {
        for (String name : DeviceSpec.NAMES) {
            DeviceSpec device = DeviceSpec.named(name);
            Path file = folder.resolve(name + ".properties");
            Files.writeString(file, device.text());
            assertThat(DeviceSpec.named(file.toString()).text()).isEqualTo(device.text());
        }
    }

    @Test
    void a_file_without_a_number_is_a_problem_that_names_it(@TempDir Path folder)
            throws IOException {
        Path file = folder.resolve("mine.properties");
        Files.writeString(file, DeviceSpec.named("h200").text().replace("tile =", "tiles ="));
        ProblemException problem =
                assertThrows(ProblemException.class, () -> DeviceSpec.named(file.toString()));
        assertThat(problem).hasMessageThat().contains("no number for tile");
        ProblemException missing =
                assertThrows(ProblemException.class, () -> DeviceSpec.named(file + ".properties"));
        assertThat(missing).hasMessageThat().contains("partita bench --calibrate");
    }

    @Test
    void an_unknown_device_is_a_problem_with_the_near_miss() {
        ProblemException problem =
                assertThrows(ProblemException.class, () -> DeviceSpec.named("a100-80g"));
        assertThat(problem).hasMessageThat().contains("device \"a100-80gb\"");
    }

    @Test
    void a_node_without_devices_is_a_problem() {
        DeviceSpec device = DeviceSpec.named("h200");
        ProblemException problem =
                assertThrows(ProblemException.class, () -> new ClusterSpec(device, 0));
        assertThat(problem).hasMessageThat().contains("at least one device");
    }
}
