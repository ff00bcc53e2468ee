package dev.partita.dsl.mesh;

import java.util.ArrayList;
import java.util.List;

/// The mesh axes that one dim is split over, major first; none means every device holds the dim
/// whole. Prints `{data}`, `{data, tensor}` or `{}`.
public record DimSharding(List<String> axes) {
    /// Not split.
    public static final DimSharding WHOLE = new DimSharding(List.of());

    public DimSharding {
        axes = List.copyOf(axes);
    }

    public static DimSharding over(String... axes) {
        return new DimSharding(List.of(axes));
    }

    public boolean isWhole() {
        return axes.isEmpty();
    }

    /// Split further, over more axes.
    public DimSharding and(List<String> more) {
        var all = new ArrayList<>(axes);
        all.addAll(more);
        return new DimSharding(all);
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
        return new DimSharding(axes.subList(0, kept));
    }

    @Override
    public String toString() {
        return "{" + String.join(", ", axes) + "}";
    }
}
