package dev.partita.kernels;

import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import java.util.Optional;

/// One way of computing ops.
public interface KernelLibrary {
    /// Name as a person types it: `reference`, `cpu`.
    String name();

    /// A kernel for this request, or empty if this library has none for its op, types or shapes.
    Optional<Kernel> open(KernelRequest request);

    /// A kernel for this request.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `UnsupportedKernel` if this library has
    ///   none
    default Kernel require(KernelRequest request) {
        return open(request).orElseThrow(() -> unsupported(request).exception());
    }

    private Problem unsupported(KernelRequest request) {
        Problem problem =
                Problem.of(
                                ProblemCode.UNSUPPORTED_KERNEL,
                                "No kernel of library " + name() + " computes this op.")
                        .fact("op", request.op());
        for (int i = 0; i < request.operands().size(); i++) {
            problem = problem.fact("operand " + i, request.operand(i).type());
        }
        for (int i = 0; i < request.results().size(); i++) {
            problem = problem.fact("result " + i, request.result(i).type());
        }
        return problem.fix("use f32 or f64, which the libraries reference and cpu compute");
    }

    /// Prepares the calling thread to run kernels: one native thread per device, denormals flushed
    /// to zero.
    default void prepareThread() {}
}
