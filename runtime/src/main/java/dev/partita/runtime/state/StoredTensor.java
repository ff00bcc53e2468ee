package dev.partita.runtime.state;

import dev.partita.dsl.tensor.Shape;
import dev.partita.dsl.tensor.TensorType;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.IntStream;

/// A tensor of a checkpoint as its index knows it: blocks that together are all of it, each in a
/// file.
///
/// @param role what it is to the training
/// @param type of the whole tensor, printed
record StoredTensor(NamedBlock.Role role, String type, List<Block> blocks) {
    StoredTensor {
        Objects.requireNonNull(role);
        Objects.requireNonNull(type);
        blocks = List.copyOf(blocks);
    }

    /// A block of a tensor.
    record Block(String file, BlockPlace place) {
        Block {
            Objects.requireNonNull(file);
            Objects.requireNonNull(place);
        }
    }

    /// With the blocks of `more`, which is of the same tensor.
    StoredTensor and(StoredTensor more) {
        List<Block> all = new ArrayList<>(blocks);
        all.addAll(more.blocks);
        return new StoredTensor(role, type, all);
    }

    /// Type of the whole tensor.
    TensorType whole() {
        return TensorType.parse(type);
    }

    /// True if every element is in exactly one block: the boxes of all blocks are the cells of a
    /// grid, each there once.
    boolean isComplete() {
        Shape whole = whole().shape();
        Set<List<Long>> seen = new HashSet<>();
        List<Long> sizes = List.of();
        long count = 0;
        for (Block block : blocks) {
            if (!block.place().isSound()) {
                return false;
            }
            for (BlockPlace.Box box : block.place().boxes()) {
                sizes = count == 0 ? box.sizes() : sizes;
                if (!box.sizes().equals(sizes) || !isCell(box, whole)) {
                    return false;
                }
                seen.add(box.whole());
                count++;
            }
        }
        long cells = 1;
        for (int i = 0; i < sizes.size(); i++) {
            cells *= whole.size(i) / sizes.get(i);
        }
        return count == cells && seen.size() == cells;
    }

    private static boolean isCell(BlockPlace.Box box, Shape whole) {
        return box.sizes().size() == whole.rank()
                && IntStream.range(0, whole.rank()).allMatch(i -> isCell(box, whole, i));
    }

    private static boolean isCell(BlockPlace.Box box, Shape whole, int dim) {
        long size = box.sizes().get(dim);
        long at = box.whole().get(dim);
        return size > 0
                && whole.size(dim) % size == 0
                && at >= 0
                && at < whole.size(dim)
                && at % size == 0;
    }
}
