package dev.partita.runtime.state;

import dev.partita.dsl.tensor.Dim;
import dev.partita.dsl.tensor.Region;
import dev.partita.kernels.Buffer;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// Where a block lies inside the whole tensor. Along each dim it is one stretch of the whole or
/// several equally long ones, which follow each other in the block. Prints `0,0+6;2,2`: from row 0
/// on, and from columns 0 and 6 on; two rows, two columns.
///
/// @param at per dim the index in the whole of each stretch's first element
/// @param sizes extents of the block
record BlockPlace(List<List<Long>> at, List<Long> sizes) {
    BlockPlace {
        at = at.stream().map(List::copyOf).toList();
        sizes = List.copyOf(sizes);
    }

    static BlockPlace of(Buffer buffer) {
        List<Long> sizes = buffer.type().shape().dims().stream().map(Dim::size).toList();
        return new BlockPlace(stretches(buffer.region()), sizes);
    }

    private static List<List<Long>> stretches(Region region) {
        return region.dims().stream()
                .map(along ->
                        along.isHalved()
                                ? List.of(along.first(), along.second())
                                : List.of(along.first()))
                .toList();
    }

    /// True if there are stretches along every dim, and they can be equally long.
    boolean isSound() {
        return at.size() == sizes.size()
                && IntStream.range(0, at.size())
                        .allMatch(
                                i -> !at.get(i).isEmpty() && sizes.get(i) % at.get(i).size() == 0);
    }

    /// A box of a block, one stretch along each dim.
    ///
    /// @param whole index of its first element in the whole, per dim
    /// @param block the same in the block
    /// @param sizes extents
    record Box(List<Long> whole, List<Long> block, List<Long> sizes) {
        private Box along(long inWhole, long inBlock, long size) {
            return new Box(and(whole, inWhole), and(block, inBlock), and(sizes, size));
        }

        private static List<Long> and(List<Long> before, long more) {
            List<Long> all = new ArrayList<>(before);
            all.add(more);
            return List.copyOf(all);
        }
    }

    /// The block, cut between its stretches.
    List<Box> boxes() {
        List<Box> boxes = List.of(new Box(List.of(), List.of(), List.of()));
        for (int dim = 0; dim < sizes.size(); dim++) {
            List<Long> starts = at.get(dim);
            long length = sizes.get(dim) / starts.size();
            List<Box> cut = new ArrayList<>();
            for (Box box : boxes) {
                for (int i = 0; i < starts.size(); i++) {
                    cut.add(box.along(starts.get(i), i * length, length));
                }
            }
            boxes = cut;
        }
        return boxes;
    }

    @Override
    public String toString() {
        String starts = at.stream().map(each -> join(each, "+")).collect(Collectors.joining(","));
        return starts + ";" + join(sizes, ",");
    }

    private static String join(List<Long> numbers, String between) {
        return numbers.stream().map(String::valueOf).collect(Collectors.joining(between));
    }
}
