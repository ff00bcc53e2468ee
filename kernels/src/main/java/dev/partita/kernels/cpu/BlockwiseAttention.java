package dev.partita.kernels.cpu;

import dev.partita.dsl.graph.AttentionOp;
import dev.partita.dsl.tensor.Shape;
import dev.partita.kernels.Kernel;
import dev.partita.kernels.KernelRequest;
import dev.partita.kernels.cpu.HeadTiles.Part;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/// Attention, a head and a block of queries at a time.
final class BlockwiseAttention implements Kernel {
    private final HeadTiles tiles;
    private final HeadRows q;
    private final HeadRows k;
    private final HeadRows v;
    private final HeadRows y;
    private final MemorySegment averages;
    private final MemorySegment logSums;
    private final MemorySegment queries;
    private final MemorySegment keys;
    private final MemorySegment values;
    private final MemorySegment scores;
    private final MemorySegment results;
    private final Kernel[] score;
    private final Kernel[] average;
    private final float[] row;
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
        scores = tiles.matrix(HeadTiles.BLOCK, tiles.keys);
        row = Tile.forWidth(tiles.keys);
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
            var all = Part.first(scores, rows, columns);
            score[i] =
                    tiles.matmul(
                            "sd,td->st",
                            new Part(queries, first, rows, tiles.size),
                            Part.first(keys, columns, tiles.size),
                            all);
            average[i] =
                    tiles.matmul("st,td->sd", all, Part.first(values, columns, tiles.size), own);
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
                k.gather(batch, head, keys.address());
                v.gather(batch, head, values.address());
                for (int i = 0; i < each; i++) {
                    q.gather(batch, head * each + i, queries.address());
                    for (int block = 0; block < score.length; block++) {
                        score[block].run();
                        softmax(batch, head * each + i, block);
                        average[block].run();
                    }
                    y.scatter(batch, head * each + i, results.address());
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
            long at = ((long) batch * tiles.queries + query) * heads * each + head;
            if (seen == 0) {
                Arrays.fill(row, 0, columns, 0);
                Tile.store(row, scores, (long) i * columns, columns);
                logSums.setAtIndex(ValueLayout.JAVA_FLOAT, at, AttentionOp.NO_KEYS);
                continue;
            }
            Tile.load(scores, (long) i * columns, row, seen);
            Arrays.fill(row, seen, Tile.padded(seen), Float.NEGATIVE_INFINITY);
            int end = Tile.padded(seen);
            RowLosses.scale(row, end, scale);
            float max = RowLosses.max(row, end);
            float sum = RowLosses.exponentials(row, end, max);
            RowLosses.scale(row, end, 1 / sum);
            Arrays.fill(row, seen, columns, 0);
            Tile.store(row, scores, (long) i * columns, columns);
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
