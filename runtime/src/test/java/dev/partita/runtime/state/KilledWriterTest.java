package dev.partita.runtime.state;

import static com.google.common.truth.Truth.assertThat;
import static com.google.common.truth.Truth.assertWithMessage;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// A process that writes checkpoints is killed, at whatever moment: the last one that it said was
/// written, or one after it, is there and whole.
final class KilledWriterTest {
    private static final long LONGEST_WRITE_MICROS = 40_000;

    @TempDir private Path folder;

    private Path run() {
        return folder.resolve("run");
    }

    static LongStream seeds() {
        return LongStream.range(0, 6);
    }

    @ParameterizedTest(name = "a killed writer leaves the last checkpoint, seed {0}")
    @MethodSource("seeds")
    void a_killed_writer_leaves_the_last_checkpoint(long seed)
            throws IOException, InterruptedException {
        long said = writeAndKill(new Random(seed));
        Checkpoint checkpoint = Checkpoint.open(run());
        long step = checkpoint.point().step();
        assertThat(step).isAtLeast(said);
        checkpoint
                .weights()
                .forEach((name, weight) ->
                        assertWithMessage(name)
                                .that(weight.toArray())
                                .isEqualTo(all((double) step, weight.elements())));
        Checkpoints.write(run(), "", step + 1);
        try (Stream<Path> left = Files.list(run())) {
            assertThat(left.map(each -> each.getFileName().toString()).toList())
                    .containsExactly("step-%08d".formatted(step), "step-%08d".formatted(step + 1));
        }
    }

    private static double[] all(double value, long count) {
        var values = new double[Math.toIntExact(count)];
        Arrays.fill(values, value);
        return values;
    }

    /// @return the last step that the killed process said was written
    private long writeAndKill(Random random) throws IOException, InterruptedException {
        Path said = folder.resolve("said");
        Process process =
                new ProcessBuilder(command())
                        .redirectOutput(said.toFile())
                        .redirectError(ProcessBuilder.Redirect.DISCARD)
                        .start();
        try {
            int checkpoints = 3 + random.nextInt(4);
            while (lines(said).size() < checkpoints && process.isAlive()) {
                TimeUnit.MILLISECONDS.sleep(2);
            }
            assertThat(process.isAlive()).isTrue();
            TimeUnit.MICROSECONDS.sleep(random.nextLong(LONGEST_WRITE_MICROS));
        } finally {
            process.destroyForcibly().waitFor();
        }
        return Long.parseLong(lines(said).getLast());
    }

    /// Whole lines of a file that somebody else writes.
    private static List<String> lines(Path file) throws IOException {
        String text = Files.readString(file);
        return text.substring(0, text.lastIndexOf('\n') + 1).lines().toList();
    }

    private List<String> command() {
        String classes =
                System.getProperty(
                        "surefire.test.class.path", System.getProperty("java.class.path"));
        return List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-modules",
                "jdk.incubator.vector",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                classes,
                EndlessCheckpoints.class.getName(),
                run().toString());
    }
}
