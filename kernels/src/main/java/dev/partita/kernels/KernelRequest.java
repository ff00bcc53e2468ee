package dev.partita.kernels;

import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Wide;
import java.util.List;
import java.util.stream.Stream;

/// An op and the buffers it reads and writes. A result may lie exactly over an operand: always for
/// an [dev.partita.dsl.graph.Update], and for an elementwise op where the plan reuses memory.
public record KernelRequest(Op op, List<Buffer> operands, List<Buffer> results) {
    public KernelRequest {
        operands = List.copyOf(operands);
        results = List.copyOf(results);
    }

    /// The same request, in which only the types of the buffers tell that an op is computed [Wide].
    public KernelRequest inside() {
        return new KernelRequest(Wide.inside(op), operands, results);
    }

    public Buffer operand(int index) {
        return operands.get(index);
    }

    public Buffer result(int index) {
        return results.get(index);
    }

    /// All buffers, operands first.
    public Stream<Buffer> buffers() {
        return Stream.concat(operands.stream(), results.stream());
    }
}
