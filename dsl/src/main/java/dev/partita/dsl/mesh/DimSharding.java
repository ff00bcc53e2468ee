package dev.partita.dsl.mesh;

import java.util.ArrayList;
import java.util.List;

/// The mesh axes that one dim is split over, major first; none means every device holds the dim whole.
/// Prints `{data}`, `{data, tensor}` or `{}`.
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

    /// Split further, over one more axis.
    public DimSharding and(String axis) {
        var more = new ArrayList<>(axes);
        more.add(axis);
        return new DimSharding(more);
    }

    @Override
    public String toString() {
        return "{" + String.join(", ", axes) + "}";
    }
}
