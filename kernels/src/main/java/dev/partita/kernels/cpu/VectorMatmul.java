package dev.partita.kernels.cpu;

import dev.partita.dsl.graph.Op;
import dev.partita.kernels.Kernel;
import dev.partita.kernels.KernelRequest;
import dev.partita.kernels.StridedLoop;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.Optional;

/// Einsums that are one matmul, where there is no oneDNN.
final class VectorMatmul implements Kernel {
    private final Arena arena = Arena.ofShared();
    private final VectorGemm gemm;
    private final StridedLoop batch;
    private final long left;
    private final long right;
    private final long result;
    private final long resultBytes;
    private final long[] leftStrides;
    private final long[] rightStrides;
    private final long[] resultStrides;

    private VectorMatmul(MatmulForm form, KernelRequest request) {
        left = request.operand(form.swapped() ? 1 : 0).memory().address();
        right = request.operand(form.swapped() ? 0 : 1).memory().address();
        result = request.result(0).memory().address();
        resultBytes = request.result(0).type().bytes();
        leftStrides = form.left().strides();
        rightStrides = form.right().strides();
        resultStrides = form.result().strides();
        long[] sizes = form.result().sizes();
        int dims = sizes.length - 2;
        gemm = new VectorGemm(arena, sizes[dims], form.left().sizes()[dims + 1], sizes[dims + 1]);
        batch =
                new StridedLoop(
                        Arrays.copyOf(sizes, dims),
                        Arrays.copyOf(leftStrides, dims),
                        Arrays.copyOf(rightStrides, dims),
                        Arrays.copyOf(resultStrides, dims));
    }

    static Optional<Kernel> einsum(Op.Einsum op, KernelRequest request) {
        return MatmulForm.of(op.spec(), request)
                .map(form ->
                        VectorEpilogue.after(
                                new VectorMatmul(form, request), op.epilogue(), request));
    }

    @Override
    public void run() {
        Floats.clear(result, resultBytes);
        int row = leftStrides.length - 2;
        int column = row + 1;
        do {
            gemm.packLeft(
                    left + batch.offset(0) * Float.BYTES, leftStrides[row], leftStrides[column]);
            gemm.packRight(
                    right + batch.offset(1) * Float.BYTES, rightStrides[row], rightStrides[column]);
            gemm.multiplyAdd(
                    result + batch.offset(2) * Float.BYTES,
                    resultStrides[row],
                    resultStrides[column]);
        } while (batch.next());
    }

    @Override
    public long workspaceBytes() {
        return gemm.workspaceBytes();
    }

    @Override
    public void close() {
        arena.close();
    }
}
