package dev.partita.kernels.cpu;

import dev.partita.dsl.graph.AttentionOp;
import dev.partita.dsl.tensor.Shape;
import dev.partita.kernels.Kernel;
import dev.partita.kernels.KernelRequest;
import dev.partita.kernels.cpu.HeadTiles.Part;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Attention, a head and a block of queries at a time.
final class BlockwiseAttention implements Kernel {
    private final HeadTiles tiles;
    private final HeadRows q;
    private final HeadRows k;
    private final HeadRows v;
    private final HeadRows y;
    private final MemorySegment averages;
    private final MemorySegment logSums;
    private final Numbers queries;
    private final Numbers keys;
    private final Numbers values;
    private final Numbers scores;
    private final Numbers weights;
    private final Numbers results;
    private final Kernel[] score;
    private final Kernel[] average;
    private final Stretches scoreRows;
    private final Stretches weightRows;
    private final float scale;
    private final int batches;
    private final int heads;
    private final int each;

    BlockwiseAttention(AttentionOp.Attention op, KernelRequest request) {
        tiles = new HeadTiles(request.operand(0), request.operand(1), op.causal());
        scale = (float) op.scale();
        q = HeadRows.of(request.operand(0));
        k = HeadRows.of(request.operand(1));
        v = HeadRows.of(request.operand(2));
        y = HeadRows.of(request.result(0));
        averages = request.result(0).memory();
        logSums = request.result(1).memory();
        Shape shape = request.operand(0).type().shape();
        batches = Math.toIntExact(shape.size(0));
        heads = Math.toIntExact(shape.size(2));
        each = Math.toIntExact(shape.size(3));
        queries = tiles.matrix(tiles.queries, tiles.size);
        results = tiles.matrix(tiles.queries, tiles.size);
        keys = tiles.matrix(tiles.keys, tiles.size);
        values = tiles.matrix(tiles.keys, tiles.size);
        scores = tiles.sums(HeadTiles.BLOCK, tiles.keys);
        weights =
                tiles.dtype == scores.dtype() ? scores : tiles.matrix(HeadTiles.BLOCK, tiles.keys);
        scoreRows = new Stretches(scores, tiles.keys);
        weightRows = new Stretches(weights, tiles.keys);
        score = new Kernel[tiles.blocks()];
        average = new Kernel[tiles.blocks()];
        for (int i = 0; i < tiles.blocks(); i++) {
            int rows = tiles.rows(i);
            int columns = tiles.columns(i);
            long first = (long) i * HeadTiles.BLOCK;
            var own = new Part(results, first, rows, tiles.size);
            if (columns == 0) {
                score[i] = () -> {};
                average[i] = () -> own.memory().fill((byte) 0);
                continue;
            }
            score[i] =
                    tiles.matmul(
                            "sd,td->st",
                            new Part(queries, first, rows, tiles.size),
                            Part.first(keys, columns, tiles.size),
                            Part.first(scores, rows, columns));
            average[i] =
                    tiles.matmul(
                            "st,td->sd",
                            Part.first(weights, rows, columns),
                            Part.first(values, columns, tiles.size),
                            own);
        }
    }

    @Override
    public void run() {
        if (!tiles.seesAny()) {
            averages.fill((byte) 0);
            for (long i = 0; i < logSums.byteSize() / Float.BYTES; i++) {
                logSums.setAtIndex(ValueLayout.JAVA_FLOAT, i, AttentionOp.NO_KEYS);
            }
            return;
        }
        for (int batch = 0; batch < batches; batch++) {
            for (int head = 0; head < heads; head++) {
                k.gather(batch, head, keys);
                v.gather(batch, head, values);
                for (int i = 0; i < each; i++) {
                    q.gather(batch, head * each + i, queries);
                    for (int block = 0; block < score.length; block++) {
                        score[block].run();
                        softmax(batch, head * each + i, block);
                        average[block].run();
                    }
                    y.scatter(batch, head * each + i, results);
                }
            }
        }
    }

    /// Turns the scores of a block into weights.
    private void softmax(int batch, int head, int block) {
        int columns = tiles.columns(block);
        for (int i = 0; i < tiles.rows(block); i++) {
            int query = block * HeadTiles.BLOCK + i;
            int seen = tiles.seen(query);
            long first = (long) i * columns;
            long at = ((long) batch * tiles.queries + query) * heads * each + head;
            if (seen == 0) {
                HeadTiles.clearBehind(weightRows.place(first, columns), 0, columns);
                weightRows.written(first, columns);
                logSums.setAtIndex(ValueLayout.JAVA_FLOAT, at, AttentionOp.NO_KEYS);
                continue;
            }
            long bytes = Stretches.bytes(seen);
            long row = scoreRows.read(first, columns, 0);
            long weight = weightRows.place(first, columns);
            Floats.fillVector(row, seen, Float.NEGATIVE_INFINITY);
            float max = scale * RowLosses.max(row, bytes);
            float sum = VectorMath.exp(row, weight, bytes, scale, -max);
            RowLosses.scale(weight, bytes, 1 / sum);
            HeadTiles.clearBehind(weight, seen, columns);
            weightRows.written(first, columns);
            logSums.setAtIndex(ValueLayout.JAVA_FLOAT, at, (float) (max + Math.log(sum)));
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
