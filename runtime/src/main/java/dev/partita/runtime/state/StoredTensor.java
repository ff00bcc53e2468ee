package dev.partita.runtime.state;

import dev.partita.dsl.tensor.Region;
import dev.partita.dsl.tensor.Shape;
import dev.partita.dsl.tensor.TensorType;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.IntStream;

/// A tensor of a checkpoint as its index knows it: blocks of equal size that together are all of
/// it, each in a file.
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
    ///
    /// @param at index of its first element, per dim
    /// @param sizes its extents
    record Block(String file, List<Long> at, List<Long> sizes) {
        Block {
            Objects.requireNonNull(file);
            at = List.copyOf(at);
            sizes = List.copyOf(sizes);
        }

        /// Where it lies inside `whole`.
        Region region(Shape whole) {
            return new Region(whole, at);
        }

        /// Its type, if the tensor is of type `whole`.
        TensorType type(TensorType whole) {
            Shape shape = whole.shape();
            for (int i = 0; i < sizes.size(); i++) {
                shape = shape.with(i, shape.dim(i).withSize(sizes.get(i)));
            }
            return whole.withShape(shape);
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

    /// True if every element is in exactly one block: the blocks are the cells of a grid, each
    /// there once.
    boolean isComplete() {
        Shape whole = whole().shape();
        long cells = 1;
        Set<List<Long>> seen = new HashSet<>();
        for (Block block : blocks) {
            if (block.at().size() != whole.rank()
                    || !block.sizes().equals(blocks.getFirst().sizes())
                    || IntStream.range(0, whole.rank()).anyMatch(i -> !isCell(block, whole, i))) {
                return false;
            }
            seen.add(block.at());
        }
        for (int i = 0; i < whole.rank() && !blocks.isEmpty(); i++) {
            cells *= whole.size(i) / blocks.getFirst().sizes().get(i);
        }
        return blocks.size() == cells && seen.size() == cells;
    }

    private static boolean isCell(Block block, Shape whole, int dim) {
        long size = block.sizes().get(dim);
        long at = block.at().get(dim);
        return size > 0
                && whole.size(dim) % size == 0
                && at >= 0
                && at < whole.size(dim)
                && at % size == 0;
    }
}
