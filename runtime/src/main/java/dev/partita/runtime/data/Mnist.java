package dev.partita.runtime.data;

import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// Handwritten digits: the MNIST database of LeCun, Cortes and Burges, or any four files in its
/// format.
public final class Mnist {
    private static final List<String> NAMES =
            List.of(
                    "train-images-idx3-ubyte",
                    "train-labels-idx1-ubyte",
                    "t10k-images-idx3-ubyte",
                    "t10k-labels-idx1-ubyte");
    private static final int CLASSES = 10;

    private Mnist() {}

    /// Reads the four IDX files, each with or without `.gz`, from a folder. Pixels are scaled to
    /// `[0, 1]`.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `DataFileMissing`, `DataFileCorrupt` with
    ///   the byte, or `LabelOutOfRange`
    public static DataSplit read(Path folder) {
        List<Path> files = NAMES.stream().map(n -> find(folder, n)).toList();
        return new DataSplit(
                dataset("mnist train", files.get(0), files.get(1)),
                dataset("mnist test", files.get(2), files.get(3)));
    }

    private static Path find(Path folder, String name) {
        for (String ending : List.of("", ".gz")) {
            Path file = folder.resolve(name + ending);
            if (Files.isRegularFile(file)) {
                return file;
            }
        }
        throw Problem.of(ProblemCode.DATA_FILE_MISSING, "A data file is not there.")
                .fact("folder", folder.toAbsolutePath().normalize())
                .fact("missing", name + " or " + name + ".gz")
                .fact("all four", String.join("\n", NAMES))
                .fix(
                        "name the folder that holds the four MNIST files, or give none and train on"
                                + " generated digits")
                .exception();
    }

    private static Dataset dataset(String name, Path imageFile, Path labelFile) {
        IdxFile images = IdxFile.read(imageFile, 3);
        IdxFile labels = IdxFile.read(labelFile, 1);
        int count = images.sizes().getFirst();
        if (labels.sizes().getFirst() != count) {
            throw IdxFile.corrupt(
                    labelFile, 4, count + " labels, one an image", labels.sizes().getFirst());
        }
        return new ImageDataset(
                name,
                images.sizes().get(1),
                images.sizes().get(2),
                CLASSES,
                images.bytes(),
                labels.bytes());
    }
}
