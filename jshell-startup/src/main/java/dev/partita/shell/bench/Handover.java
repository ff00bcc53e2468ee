package dev.partita.shell.bench;

import dev.partita.compiler.plan.Binding;
import dev.partita.dsl.tensor.Shape;
import dev.partita.runtime.execute.Session;
import dev.partita.runtime.state.HostTensor;
import java.io.BufferedOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Writes what a peer needs to do the same as a training step: the first weights in the order of
/// their layers, the examples and the labels. The format is that of `dev.partita.peer.Given`.
final class Handover {
    private Handover() {}

    static void write(TrainingStep step, Path file) throws IOException {
        Session session = step.session();
        List<HostTensor> tensors = new ArrayList<>();
        for (String parameter : session.names(Binding.Parameter.class)) {
            tensors.add(session.readParameter(parameter));
        }
        tensors.add(step.examples());
        tensors.add(step.labels());
        try (var out =
                new DataOutputStream(new BufferedOutputStream(Files.newOutputStream(file)))) {
            out.writeInt(tensors.size());
            for (HostTensor tensor : tensors) {
                write(tensor, out);
            }
        }
    }

    private static void write(HostTensor tensor, DataOutputStream out) throws IOException {
        Shape shape = tensor.type().shape();
        out.writeUTF(tensor.type().dtype().toString());
        out.writeInt(shape.rank());
        for (int i = 0; i < shape.rank(); i++) {
            out.writeLong(shape.size(i));
        }
        out.write(tensor.memory().toArray(ValueLayout.JAVA_BYTE));
    }
}
