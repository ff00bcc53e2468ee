package dev.partita.peer;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;

/// What Partita hands over: first weights, and one batch of examples and labels.
///
/// In the file: the number of tensors, the last two of them examples and labels; then each tensor
/// as its type, `f32` or `i32`, in modified UTF-8, its rank, its sizes as 64-bit numbers, and its
/// elements, little-endian and row-major. Numbers are big-endian.
///
/// @param weights in the order of the network's layers, weight before bias
record Given(List<Tensor> weights, Tensor examples, Tensor labels) {
    static Given read(Path file) throws IOException {
        try (var in = new DataInputStream(new BufferedInputStream(Files.newInputStream(file)))) {
            var tensors = new ArrayList<Tensor>();
            for (int count = in.readInt(); count > 0; count--) {
                tensors.add(tensor(in));
            }
            Tensor labels = tensors.removeLast();
            Tensor examples = tensors.removeLast();
            return new Given(List.copyOf(tensors), examples, labels);
        }
    }

    private static Tensor tensor(DataInputStream in) throws IOException {
        boolean floats = in.readUTF().equals("f32");
        var sizes = new long[in.readInt()];
        int bytes = Float.BYTES;
        for (int i = 0; i < sizes.length; i++) {
            sizes[i] = in.readLong();
            bytes *= (int) sizes[i];
        }
        var content = new BytePointer(bytes);
        ByteBuffer buffer = content.asBuffer().order(ByteOrder.LITTLE_ENDIAN);
        buffer.put(in.readNBytes(bytes));
        var options = new TensorOptions(floats ? torch.ScalarType.Float : torch.ScalarType.Int);
        Tensor own = torch.from_blob(content, sizes, options).clone();
        content.deallocate();
        // libtorch takes class numbers and tokens as 64-bit numbers
        return floats ? own : own.to(torch.ScalarType.Long);
    }
}
