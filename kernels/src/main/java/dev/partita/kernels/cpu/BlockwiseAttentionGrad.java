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
    private final MemorySegment logSums;
    private final Numbers queries;
    private final Numbers keys;
    private final Numbers values;
    private final Numbers y;
    private final Numbers dy;
    private final Numbers dQueries;
    private final Numbers dKeys;
    private final Numbers dValues;
    private final Numbers part;
    private final Numbers scores;
    private final Numbers changes;
    private final Numbers weights;
    private final Numbers slopes;
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
        part = tiles.sums(tiles.keys, size);
        scores = tiles.sums(HeadTiles.BLOCK, tiles.keys);
        changes = tiles.sums(HeadTiles.BLOCK, tiles.keys);
        boolean inPlace = tiles.dtype == scores.dtype();
        weights = inPlace ? scores : tiles.matrix(HeadTiles.BLOCK, tiles.keys);
        slopes = inPlace ? changes : tiles.matrix(HeadTiles.BLOCK, tiles.keys);
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
        score[i] = tiles.matmul("sd,td->st", own, seenKeys, Part.first(scores, rows, columns));
        slope[i] = tiles.matmul("sd,td->st", ownDy, seenValues, Part.first(changes, rows, columns));
        queryGrad[i] = tiles.matmul("st,td->sd", change, seenKeys, ownGrad);
        keyGrad[i] = tiles.matmul("st,sd->td", change, own, sum);
        valueGrad[i] = tiles.matmul("st,sd->td", weight, ownDy, sum);
    }

    @Override
    public void run() {
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
        results[0].scatter(batch, head, dQueries);
    }

    /// From scores and `dy v` of a block to its weights and the gradient of its scores.
    private void slopes(int batch, int head, int block) {
        int columns = tiles.columns(block);
        for (int i = 0; i < tiles.rows(block); i++) {
            int query = block * HeadTiles.BLOCK + i;
            int seen = tiles.seen(query);
            int end = Tile.padded(seen);
            long at = ((long) batch * tiles.queries + query) * heads * each + head;
            scores.load((long) i * columns, weightRow, seen);
            changes.load((long) i * columns, slopeRow, seen);
            RowLosses.scale(weightRow, end, scale);
            RowLosses.exponentials(weightRow, end, logSums.getAtIndex(ValueLayout.JAVA_FLOAT, at));
            slopeRow(end, along(query));
            Arrays.fill(weightRow, seen, columns, 0);
            Arrays.fill(slopeRow, seen, columns, 0);
            weights.store(weightRow, (long) i * columns, columns);
            slopes.store(slopeRow, (long) i * columns, columns);
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
            y.load((long) query * size + start, sums, n);
            dy.load((long) query * size + start, more, n);
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
    private void add(Numbers target, int elements) {
        for (int start = 0; start < elements; start += Tile.LENGTH) {
            int n = Math.min(Tile.LENGTH, elements - start);
            target.load(start, sums, n);
            part.load(start, more, n);
            for (int i = 0; i < Tile.padded(n); i += LANES) {
                fromArray(SPECIES, sums, i).add(fromArray(SPECIES, more, i)).intoArray(sums, i);
            }
            target.store(sums, start, n);
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
