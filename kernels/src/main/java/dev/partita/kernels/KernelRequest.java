package dev.partita.kernels;

import dev.partita.dsl.graph.Op;
import java.util.List;

/// An op and the buffers it reads and writes. A result may lie exactly over an operand: always for an
/// [dev.partita.dsl.graph.Update], and for an elementwise op where the plan reuses memory.
public record KernelRequest(Op op, List<Buffer> operands, List<Buffer> results) {
    public KernelRequest {
        operands = List.copyOf(operands);
        results = List.copyOf(results);
    }
}
