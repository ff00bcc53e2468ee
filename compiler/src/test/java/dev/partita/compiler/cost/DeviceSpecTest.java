package dev.partita.compiler.cost;

import static com.google.common.truth.Truth.assertThat;
import static com.google.common.truth.Truth.assertWithMessage;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.partita.dsl.problem.ProblemException;
import dev.partita.dsl.tensor.Dtype;
import org.junit.jupiter.api.Test;

class DeviceSpecTest {
    @Test
    void every_device_has_a_file_that_can_be_read() {
        for (String name : DeviceSpec.NAMES) {
            DeviceSpec device = DeviceSpec.named(name);
            assertWithMessage(name).that(device.peak(Dtype.BF16)).isAtLeast(3e14);
            assertWithMessage(name).that(device.memoryBytes()).isAtLeast(80L << 30);
            assertWithMessage(name)
                    .that(device.inside().bytesPerSecond())
                    .isGreaterThan(device.between().bytesPerSecond());
        }
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
