package dev.partita.runtime.data;

import static com.google.common.truth.Truth.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.problem.ProblemException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class MnistTest {
    /// Two images of 2 x 3.
    private static final byte[] IMAGES = {
        0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3, 0, 51, -1, 102, 1, 2, 7, 8, 9, 10, 11, 12
    };

    private static final byte[] LABELS = {0, 0, 8, 1, 0, 0, 0, 2, 9, 4};

    @TempDir Path folder;

    @BeforeEach
    void write_a_small_set() throws IOException {
        Files.write(folder.resolve("train-images-idx3-ubyte"), IMAGES);
        Files.write(folder.resolve("train-labels-idx1-ubyte"), LABELS);
        Files.write(folder.resolve("t10k-images-idx3-ubyte.gz"), zipped(IMAGES));
        Files.write(folder.resolve("t10k-labels-idx1-ubyte.gz"), zipped(LABELS));
    }

    @Test
    void files_are_read_packed_or_not_and_pixels_are_scaled_to_one() {
        DataSplit split = Mnist.read(folder);
        for (Dataset data : new Dataset[] {split.train(), split.test()}) {
            assertThat(data.size()).isEqualTo(2);
            assertThat(data.shape().toString()).isEqualTo("[height=2, width=3, channel=1]");
            assertThat(data.features(0))
                    .isEqualTo(new float[] {0, 51 / 255f, 1, 102 / 255f, 1 / 255f, 2 / 255f});
            assertThat(data.features(1)[5]).isEqualTo(12 / 255f);
            assertThat(data.label(0)).isEqualTo(9);
            assertThat(data.label(1)).isEqualTo(4);
        }
    }

    @Test
    void a_missing_file_is_named_together_with_all_four() throws IOException {
        Files.delete(folder.resolve("t10k-labels-idx1-ubyte.gz"));
        Problem problem = problem();
        assertThat(problem.code()).isEqualTo(ProblemCode.DATA_FILE_MISSING);
        assertThat(problem.print()).contains("missing:  t10k-labels-idx1-ubyte or");
        assertThat(problem.print()).contains("train-images-idx3-ubyte\n");
        assertThat(problem.print()).contains(folder.toString());
    }

    @ParameterizedTest(name = "byte {0} of the header")
    @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15})
    void a_wrong_header_byte_is_found(int index) throws IOException {
        byte[] wrong = IMAGES.clone();
        wrong[index] ^= 0x40;
        Files.write(folder.resolve("train-images-idx3-ubyte"), wrong);
        Problem problem = problem();
        assertThat(problem.code()).isEqualTo(ProblemCode.DATA_FILE_CORRUPT);
        assertThat(problem.print()).contains("train-images-idx3-ubyte\n");
        // a wrong size shows as bytes that are missing at the end
        assertThat(problem.print()).contains("byte:     " + (index < 4 ? index : 28) + "\n");
    }

    @ParameterizedTest(name = "cut to {0} bytes")
    @ValueSource(ints = {0, 1, 3, 4, 15, 16, 27})
    void a_short_file_is_found_at_its_end(int length) throws IOException {
        Files.write(folder.resolve("train-images-idx3-ubyte"), Arrays.copyOf(IMAGES, length));
        Problem problem = problem();
        assertThat(problem.code()).isEqualTo(ProblemCode.DATA_FILE_CORRUPT);
        assertThat(problem.print()).contains("byte:     " + length + "\n");
    }

    @Test
    void bytes_after_the_end_are_found() throws IOException {
        Files.write(folder.resolve("train-labels-idx1-ubyte"), Arrays.copyOf(LABELS, 11));
        assertThat(problem().print()).contains("byte:     10\n");
    }

    @ParameterizedTest(name = "{0} bytes of the packed file")
    @ValueSource(ints = {0, 5, 12, 20})
    void a_truncated_gzip_file_is_found(int length) throws IOException {
        Files.write(
                folder.resolve("t10k-images-idx3-ubyte.gz"), Arrays.copyOf(zipped(IMAGES), length));
        Problem problem = problem();
        assertThat(problem.code()).isEqualTo(ProblemCode.DATA_FILE_CORRUPT);
        assertThat(problem.print()).contains("t10k-images-idx3-ubyte.gz");
    }

    @Test
    void a_file_that_only_claims_to_be_packed_is_found() throws IOException {
        Files.write(folder.resolve("t10k-images-idx3-ubyte.gz"), IMAGES);
        assertThat(problem().print()).contains("expected: gzip data");
    }

    @ParameterizedTest(name = "label {0}")
    @CsvSource({"10", "255"})
    void a_label_that_is_no_digit_is_out_of_range(int label) throws IOException {
        byte[] wrong = LABELS.clone();
        wrong[9] = (byte) label;
        Files.write(folder.resolve("train-labels-idx1-ubyte"), wrong);
        Problem problem = problem();
        assertThat(problem.code()).isEqualTo(ProblemCode.LABEL_OUT_OF_RANGE);
        assertThat(problem.print()).contains("label:   " + label + "\n");
        assertThat(problem.print()).contains("example: 1\n");
    }

    @Test
    void another_number_of_labels_than_images_is_found() throws IOException {
        byte[] fewer = {0, 0, 8, 1, 0, 0, 0, 1, 9};
        Files.write(folder.resolve("train-labels-idx1-ubyte"), fewer);
        assertThat(problem().print()).contains("expected: 2 labels, one an image");
    }

    @Test
    void the_real_files_hold_sixty_and_ten_thousand_digits() {
        var real = SharedData.folder("mnist");
        assumeTrue(real.isPresent(), "no shared/data/mnist beside the checkout: skipped");
        DataSplit split = Mnist.read(real.orElseThrow());
        assertThat(split.train().size()).isEqualTo(60_000);
        assertThat(split.test().size()).isEqualTo(10_000);
        // the first labels of both files, as everyone knows them
        assertThat(first(split.train())).isEqualTo(new int[] {5, 0, 4, 1, 9});
        assertThat(first(split.test())).isEqualTo(new int[] {7, 2, 1, 0, 4});
    }

    private static int[] first(Dataset data) {
        var labels = new int[5];
        Arrays.setAll(labels, data::label);
        return labels;
    }

    private Problem problem() {
        return assertThrows(ProblemException.class, () -> Mnist.read(folder)).problem();
    }

    private static byte[] zipped(byte[] bytes) throws IOException {
        var packed = new ByteArrayOutputStream();
        try (var out = new GZIPOutputStream(packed)) {
            out.write(bytes);
        }
        return packed.toByteArray();
    }
}
