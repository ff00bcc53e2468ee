package dev.partita.kernels.cpu;

import static dev.partita.kernels.cpu.Floats.LANES;
import static dev.partita.kernels.cpu.Floats.SPECIES;
import static jdk.incubator.vector.FloatVector.fromArray;
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
    private final MemorySegment queries;
    private final MemorySegment keys;
    private final MemorySegment values;
    private final MemorySegment y;
    private final MemorySegment dy;
    private final MemorySegment dQueries;
    private final MemorySegment dKeys;
    private final MemorySegment dValues;
    private final MemorySegment part;
    private final MemorySegment weights;
    private final MemorySegment slopes;
    private final Kernel[] score;
    private final Kernel[] slope;
    private final Kernel[] queryGrad;
    private final Kernel[] keyGrad;
    private final Kernel[] valueGrad;
    private final float[] weightRow;
    private final float[] slopeRow;
    private final float[] sums = Tile.create();
    private final float[] more = Tile.create();
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
        dKeys = tiles.matrix(tiles.keys, size);
        dValues = tiles.matrix(tiles.keys, size);
        part = tiles.matrix(tiles.keys, size);
        weights = tiles.matrix(HeadTiles.BLOCK, tiles.keys);
        slopes = tiles.matrix(HeadTiles.BLOCK, tiles.keys);
        weightRow = Tile.forWidth(tiles.keys);
        slopeRow = Tile.forWidth(tiles.keys);
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
        var sum = Part.first(part, columns, tiles.size);
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
        score[i] = tiles.matmul("sd,td->st", own, seenKeys, weight);
        slope[i] = tiles.matmul("sd,td->st", ownDy, seenValues, change);
        queryGrad[i] = tiles.matmul("st,td->sd", change, seenKeys, ownGrad);
        keyGrad[i] = tiles.matmul("st,sd->td", change, own, sum);
        valueGrad[i] = tiles.matmul("st,sd->td", weight, ownDy, sum);
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
                operands[1].gather(batch, head, keys.address());
                operands[2].gather(batch, head, values.address());
                dKeys.fill((byte) 0);
                dValues.fill((byte) 0);
                for (int i = 0; i < each; i++) {
                    query(batch, head * each + i);
                }
                results[1].scatter(batch, head, dKeys.address());
                results[2].scatter(batch, head, dValues.address());
            }
        }
    }

    private void query(int batch, int head) {
        operands[0].gather(batch, head, queries.address());
        operands[3].gather(batch, head, y.address());
        operands[4].gather(batch, head, dy.address());
        for (int block = 0; block < score.length; block++) {
            int elements = tiles.columns(block) * tiles.size;
            score[block].run();
            slope[block].run();
            slopes(batch, head, block);
            queryGrad[block].run();
            valueGrad[block].run();
            add(dValues, elements);
            keyGrad[block].run();
            add(dKeys, elements);
        }
        results[0].scatter(batch, head, dQueries.address());
    }

    /// From scores and `dy v` of a block to its weights and the gradient of its scores.
    private void slopes(int batch, int head, int block) {
        int columns = tiles.columns(block);
        for (int i = 0; i < tiles.rows(block); i++) {
            int query = block * HeadTiles.BLOCK + i;
            int seen = tiles.seen(query);
            int end = Tile.padded(seen);
            long at = ((long) batch * tiles.queries + query) * heads * each + head;
            Tile.load(weights, (long) i * columns, weightRow, seen);
            Tile.load(slopes, (long) i * columns, slopeRow, seen);
            RowLosses.scale(weightRow, end, scale);
            RowLosses.exponentials(weightRow, end, logSums.getAtIndex(ValueLayout.JAVA_FLOAT, at));
            slopeRow(end, along(query));
            Arrays.fill(weightRow, seen, columns, 0);
            Arrays.fill(slopeRow, seen, columns, 0);
            Tile.store(weightRow, weights, (long) i * columns, columns);
            Tile.store(slopeRow, slopes, (long) i * columns, columns);
        }
    }

    /// `scale * weight * (slope - along)`.
    private void slopeRow(int end, float along) {
        for (int i = 0; i < end; i += LANES) {
            FloatVector change =
                    fromArray(SPECIES, slopeRow, i)
                            .sub(along)
                            .mul(fromArray(SPECIES, weightRow, i));
            change.mul(scale).intoArray(slopeRow, i);
        }
    }

    /// `y dy` of a query: what its softmax takes from every slope.
    private float along(int query) {
        FloatVector sum = zero(SPECIES);
        int size = tiles.size;
        float tail = 0;
        for (int start = 0; start < size; start += Tile.LENGTH) {
            int n = Math.min(Tile.LENGTH, size - start);
            Tile.load(y, (long) query * size + start, sums, n);
            Tile.load(dy, (long) query * size + start, more, n);
            int whole = n / LANES * LANES;
            for (int i = 0; i < whole; i += LANES) {
                sum = fromArray(SPECIES, sums, i).fma(fromArray(SPECIES, more, i), sum);
            }
            for (int i = whole; i < n; i++) {
                tail += sums[i] * more[i];
            }
        }
        return tail + sum.reduceLanes(VectorOperators.ADD);
    }

    /// Adds what a block gave in `part` to the sum over all blocks.
    private void add(MemorySegment target, int elements) {
        for (int start = 0; start < elements; start += Tile.LENGTH) {
            int n = Math.min(Tile.LENGTH, elements - start);
            Tile.load(target, start, sums, n);
            Tile.load(part, start, more, n);
            for (int i = 0; i < Tile.padded(n); i += LANES) {
                fromArray(SPECIES, sums, i).add(fromArray(SPECIES, more, i)).intoArray(sums, i);
            }
            Tile.store(sums, target, start, n);
        }
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
