package dev.partita.kernels.cpu;

import static dev.partita.kernels.cpu.Floats.MEMORY;
import static dev.partita.kernels.cpu.Floats.ORDER;
import static dev.partita.kernels.cpu.Floats.SPECIES;
import static dev.partita.kernels.cpu.Floats.STEP;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;
import static jdk.incubator.vector.FloatVector.zero;

import dev.partita.dsl.graph.AttentionOp;
import dev.partita.dsl.tensor.Shape;
import dev.partita.kernels.Kernel;
import dev.partita.kernels.KernelRequest;
import dev.partita.kernels.cpu.HeadTiles.Part;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/// The gradient of attention, a head and a block of queries at a time: the weights are made again
/// from the scores and the log-sums (Dao et al. 2022, algorithm 4).
final class BlockwiseAttentionGrad implements Kernel {
    private final HeadTiles tiles;
    private final HeadRows[] operands = new HeadRows[5];
    private final HeadRows[] results = new HeadRows[3];
    private final MemorySegment[] gradients = new MemorySegment[3];
    private final MemorySegment logSums;
    private final Numbers queries;
    private final Numbers keys;
    private final Numbers values;
    private final Numbers y;
    private final Numbers dy;
    private final Numbers dQueries;
    private final Numbers dKeys;
    private final Numbers dValues;
    private final Numbers scores;
    private final Numbers changes;
    private final Numbers weights;
    private final Numbers slopes;
    private final Kernel[] score;
    private final Kernel[] slope;
    private final Kernel[] queryGrad;
    private final Kernel[] keyGrad;
    private final Kernel[] valueGrad;
    private final Stretches scoreRows;
    private final Stretches changeRows;
    private final Stretches weightRows;
    private final Stretches slopeRows;
    private final Stretches yRows;
    private final Stretches dyRows;
    private final float scale;
    private final int batches;
    private final int heads;
    private final int each;

    BlockwiseAttentionGrad(AttentionOp.AttentionGrad op, KernelRequest request) {
        tiles = new HeadTiles(request.operand(0), request.operand(1), op.causal());
        scale = (float) op.scale();
        int[] tensors = {0, 1, 2, 3, 5};
        Arrays.setAll(operands, i -> HeadRows.of(request.operand(tensors[i])));
        Arrays.setAll(results, i -> HeadRows.of(request.result(i)));
        Arrays.setAll(gradients, i -> request.result(i).memory());
        logSums = request.operand(4).memory();
        Shape shape = request.operand(0).type().shape();
        batches = Math.toIntExact(shape.size(0));
        heads = Math.toIntExact(shape.size(2));
        each = Math.toIntExact(shape.size(3));
        int size = tiles.size;
        queries = tiles.matrix(tiles.queries, size);
        y = tiles.matrix(tiles.queries, size);
        dy = tiles.matrix(tiles.queries, size);
        dQueries = tiles.matrix(tiles.queries, size);
        keys = tiles.matrix(tiles.keys, size);
        values = tiles.matrix(tiles.keys, size);
        dKeys = tiles.sums(tiles.keys, size);
        dValues = tiles.sums(tiles.keys, size);
        scores = tiles.sums(HeadTiles.BLOCK, tiles.keys);
        changes = tiles.sums(HeadTiles.BLOCK, tiles.keys);
        boolean inPlace = tiles.dtype == scores.dtype();
        weights = inPlace ? scores : tiles.matrix(HeadTiles.BLOCK, tiles.keys);
        slopes = inPlace ? changes : tiles.matrix(HeadTiles.BLOCK, tiles.keys);
        scoreRows = new Stretches(scores, tiles.keys);
        changeRows = new Stretches(changes, tiles.keys);
        weightRows = new Stretches(weights, tiles.keys);
        slopeRows = new Stretches(slopes, tiles.keys);
        yRows = new Stretches(y, size);
        dyRows = new Stretches(dy, size);
        int blocks = tiles.blocks();
        score = new Kernel[blocks];
        slope = new Kernel[blocks];
        queryGrad = new Kernel[blocks];
        keyGrad = new Kernel[blocks];
        valueGrad = new Kernel[blocks];
        for (int i = 0; i < blocks; i++) {
            bind(i, tiles.rows(i), tiles.columns(i));
        }
    }

    private void bind(int i, int rows, int columns) {
        long first = (long) i * HeadTiles.BLOCK;
        var own = new Part(queries, first, rows, tiles.size);
        var ownDy = new Part(dy, first, rows, tiles.size);
        var weight = Part.first(weights, rows, columns);
        var change = Part.first(slopes, rows, columns);
        var seenKeys = Part.first(keys, columns, tiles.size);
        var seenValues = Part.first(values, columns, tiles.size);
        var keySum = Part.first(dKeys, columns, tiles.size);
        var valueSum = Part.first(dValues, columns, tiles.size);
        var ownGrad = new Part(dQueries, first, rows, tiles.size);
        if (columns == 0) {
            Kernel nothing = () -> {};
            score[i] = nothing;
            slope[i] = nothing;
            queryGrad[i] = () -> ownGrad.memory().fill((byte) 0);
            keyGrad[i] = nothing;
            valueGrad[i] = nothing;
            return;
        }
        score[i] = tiles.matmul("sd,td->st", own, seenKeys, Part.first(scores, rows, columns));
        slope[i] = tiles.matmul("sd,td->st", ownDy, seenValues, Part.first(changes, rows, columns));
        queryGrad[i] = tiles.matmul("st,td->sd", change, seenKeys, ownGrad);
        keyGrad[i] = tiles.matmulAdding("st,sd->td", change, own, keySum);
        valueGrad[i] = tiles.matmulAdding("st,sd->td", weight, ownDy, valueSum);
    }

    @Override
    public void run() {
        if (!tiles.seesAny()) {
            for (MemorySegment gradient : gradients) {
                gradient.fill((byte) 0);
            }
            return;
        }
        for (int batch = 0; batch < batches; batch++) {
            for (int head = 0; head < heads; head++) {
                operands[1].gather(batch, head, keys);
                operands[2].gather(batch, head, values);
                dKeys.memory().fill((byte) 0);
                dValues.memory().fill((byte) 0);
                for (int i = 0; i < each; i++) {
                    query(batch, head * each + i);
                }
                results[1].scatter(batch, head, dKeys);
                results[2].scatter(batch, head, dValues);
            }
        }
    }

    private void query(int batch, int head) {
        operands[0].gather(batch, head, queries);
        operands[3].gather(batch, head, y);
        operands[4].gather(batch, head, dy);
        for (int block = 0; block < score.length; block++) {
            score[block].run();
            slope[block].run();
            slopes(batch, head, block);
            queryGrad[block].run();
            valueGrad[block].run();
            keyGrad[block].run();
        }
        results[0].scatter(batch, head, dQueries);
    }

    /// From scores and `dy v` of a block to its weights and the gradient of its scores.
    private void slopes(int batch, int head, int block) {
        int columns = tiles.columns(block);
        for (int i = 0; i < tiles.rows(block); i++) {
            int query = block * HeadTiles.BLOCK + i;
            int seen = tiles.seen(query);
            long first = (long) i * columns;
            long bytes = Stretches.bytes(seen);
            long at = ((long) batch * tiles.queries + query) * heads * each + head;
            float logSum = logSums.getAtIndex(ValueLayout.JAVA_FLOAT, at);
            long row = scoreRows.read(first, columns, 0);
            long change = changeRows.read(first, columns, 0);
            long weight = weightRows.place(first, columns);
            long slope = slopeRows.place(first, columns);
            VectorMath.exp(row, weight, bytes, scale, -logSum);
            slopeRow(weight, change, slope, bytes, along(query));
            HeadTiles.clearBehind(weight, seen, columns);
            HeadTiles.clearBehind(slope, seen, columns);
            weightRows.written(first, columns);
            slopeRows.written(first, columns);
        }
    }

    /// `scale * weight * (change - along)`.
    private void slopeRow(long weight, long change, long slope, long bytes, float along) {
        for (long i = 0; i < bytes; i += STEP) {
            fromMemorySegment(SPECIES, MEMORY, change + i, ORDER)
                    .sub(along)
                    .mul(fromMemorySegment(SPECIES, MEMORY, weight + i, ORDER))
                    .mul(scale)
                    .intoMemorySegment(MEMORY, slope + i, ORDER);
        }
    }

    /// `y dy` of a query: what its softmax takes from every slope.
    private float along(int query) {
        long first = (long) query * tiles.size;
        long bytes = Stretches.bytes(tiles.size);
        long a = yRows.read(first, tiles.size, 0);
        long b = dyRows.read(first, tiles.size, 0);
        FloatVector sum = zero(SPECIES);
        for (long i = 0; i < bytes; i += STEP) {
            sum =
                    fromMemorySegment(SPECIES, MEMORY, a + i, ORDER)
                            .fma(fromMemorySegment(SPECIES, MEMORY, b + i, ORDER), sum);
        }
        return sum.reduceLanes(VectorOperators.ADD);
    }

    @Override
    public long workspaceBytes() {
        return tiles.workspaceBytes();
    }

    @Override
    public void close() {
        tiles.close();
    }
}
