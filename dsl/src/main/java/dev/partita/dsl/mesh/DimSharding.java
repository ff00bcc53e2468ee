package dev.partita.dsl.mesh;

import dev.partita.dsl.tensor.Region;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The mesh axes that one dim is split over, major first; none means every device holds the dim
/// whole.
///
/// Device `i` of `n` holds the `i`-th of `n` equal stretches. `balanced`, it holds the `i`-th of `2
/// n` stretches from the front and the `i`-th from the back: under a causal mask that is equal work
/// for all (Llama 3, Dubey et al. 2024, section 3.3.2). `turned` by `t`, it holds what is dealt to
/// the device `t` places before it: a block that goes round.
///
/// Prints `{data}`, `{data, tensor}` or `{}`, and `{context balanced}` or `{context balanced turned
/// 1}`; [#parse] reads it.
public record DimSharding(List<String> axes, boolean balanced, int turned) {
    /// Not split.
    public static final DimSharding WHOLE = new DimSharding(List.of());

    private static final Pattern PRINTED =
            Pattern.compile("\\{([\\w-]*(?:, [\\w-]+)*)( balanced)?(?: turned (\\d+))?}");

    public DimSharding {
        axes = List.copyOf(axes);
        balanced &= !axes.isEmpty();
        turned = axes.isEmpty() ? 0 : turned;
    }

    /// Split in order.
    public DimSharding(List<String> axes) {
        this(axes, false, 0);
    }

    public static DimSharding over(String... axes) {
        return new DimSharding(List.of(axes));
    }

    /// Reads the printed form.
    ///
    /// @throws IllegalArgumentException if `text` is none
    public static DimSharding parse(String text) {
        Matcher printed = PRINTED.matcher(text);
        if (!printed.matches()) {
            throw new IllegalArgumentException("no sharding of a dim: " + text);
        }
        String axes = printed.group(1);
        String turned = printed.group(3);
        return new DimSharding(
                axes.isEmpty() ? List.of() : List.of(axes.split(", ", -1)),
                printed.group(2) != null,
                turned == null ? 0 : Integer.parseInt(turned));
    }

    public boolean isWhole() {
        return axes.isEmpty();
    }

    /// The same after every block went on by `turn` devices in all.
    public DimSharding turnedTo(int turn) {
        return new DimSharding(axes, balanced, turn);
    }

    /// Split further, over more axes.
    public DimSharding and(List<String> more) {
        return cut(more, balanced);
    }

    /// Split further, over more axes, so that all of them together are balanced or not.
    ///
    /// @throws IllegalArgumentException if it is split the other way already
    public DimSharding cut(List<String> more, boolean isBalanced) {
        if (!isWhole() && balanced != isBalanced) {
            throw new IllegalArgumentException(this + " is cut in another way");
        }
        var all = new ArrayList<>(axes);
        all.addAll(more);
        return new DimSharding(all, isBalanced, turned);
    }

    /// Split over the first `count` of these axes alone: what joins the parts over the others.
    public DimSharding first(int count) {
        return new DimSharding(axes.subList(0, count), balanced, turned);
    }

    /// Joined again over these axes, which must be the innermost.
    ///
    /// @throws IllegalArgumentException if they are not
    public DimSharding without(List<String> innermost) {
        int kept = axes.size() - innermost.size();
        if (kept < 0 || !axes.subList(kept, axes.size()).equals(innermost)) {
            throw new IllegalArgumentException(
                    innermost + " are not the innermost axes of " + this);
        }
        return first(kept);
    }

    /// How many equal stretches the dim is cut into: its size must be a multiple of it.
    public int stretches(Mesh mesh) {
        return mesh.size(axes) * (balanced ? 2 : 1);
    }

    /// Where the block of `rank` lies in a dim of this size.
    public Region.Along along(long size, Mesh mesh, int rank) {
        int devices = mesh.size(axes);
        int block = Math.floorMod(mesh.coordinate(rank, axes) - turned, devices);
        long stretch = size / stretches(mesh);
        return balanced
                ? new Region.Along(block * stretch, (2L * devices - 1 - block) * stretch)
                : Region.Along.from(block * stretch);
    }

    @Override
    public String toString() {
        return "{"
                + String.join(", ", axes)
                + (balanced ? " balanced" : "")
                + (turned == 0 ? "" : " turned " + turned)
                + "}";
    }
}
