package dev.partita.compiler;

import static dev.partita.compiler.CompileOptions.quoted;

import dev.partita.dsl.mesh.DimSharding;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.problem.Origin;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import java.util.Collections;
import java.util.List;

/// A user's request: dims named `dim`, in results of `layers` or everywhere if there are none, are
/// split over `axes`, or whole if there are none.
///
/// @param words what the user wrote
public record ShardRequest(
        String dim, List<String> layers, DimSharding sharding, String words, Origin origin) {
    public ShardRequest {
        layers = List.copyOf(layers);
    }

    public List<String> axes() {
        return sharding.axes();
    }

    /// A request in the words that a user would write.
    public static ShardRequest of(
            String dim, List<String> layers, DimSharding sharding, Origin origin) {
        String where = layers.isEmpty() ? "" : ".at(" + quoted(layers) + ")";
        if (sharding.isWhole()) {
            String whole = "replicate(\"" + dim + "\")" + where;
            return new ShardRequest(dim, layers, sharding, whole, origin);
        }
        String deal = sharding.balanced() ? ".balanced()" : "";
        String over = ".over(" + quoted(sharding.axes()) + ")";
        String words = "shard(\"" + dim + "\")" + where + deal + over;
        return new ShardRequest(dim, layers, sharding, words, origin);
    }

    /// True if something is asked of a mesh: to be split over more than one device, or to be whole
    /// where other requests are not.
    public boolean matters(Mesh mesh) {
        return sharding.isWhole() ? !layers.isEmpty() : mesh.size(axes()) > 1;
    }

    /// True if `other` splits the same dim everywhere over these axes, and maybe more.
    boolean isWithin(ShardRequest other) {
        return other.dim.equals(dim) && other.layers.isEmpty() && other.axes().containsAll(axes());
    }

    @Override
    public String toString() {
        return words;
    }

    /// A request that still lacks its layers.
    public record Whole(CompileOptions options, String dim) {
        /// Keeps the dim whole in what these layers compute.
        ///
        /// @throws dev.partita.dsl.problem.ProblemException `InvalidArgument` without a layer
        public CompileOptions at(String... layers) {
            if (layers.length == 0) {
                throw Problem.of(
                                ProblemCode.INVALID_ARGUMENT,
                                "A dim is kept whole in the results of some layers.")
                        .fact("dim", dim)
                        .fix("replicate(\"" + dim + "\").at(\"layer\")")
                        .exception();
            }
            return options.shard(
                    ShardRequest.of(dim, List.of(layers), DimSharding.WHOLE, Origin.here()));
        }
    }

    /// A request that still lacks its axes.
    public record Words(
            CompileOptions options, String dim, List<String> layers, boolean isBalanced) {
        /// Restricts the request to what these layers compute.
        public Words at(String... newLayers) {
            return new Words(options, dim, List.of(newLayers), isBalanced);
        }

        /// Deals the dim out so that device `i` of `n` holds the `i`-th of `2 n` stretches from the
        /// front and the `i`-th from the back: of the positions of a causal attention that is equal
        /// work for all devices.
        public Words balanced() {
            return new Words(options, dim, layers, true);
        }

        /// Splits the dim over these axes, major first.
        ///
        /// @throws dev.partita.dsl.problem.ProblemException `UnknownAxis`, with the near miss;
        ///   `AxisUsedTwice`
        public CompileOptions over(String... axes) {
            for (String axis : axes) {
                options.mesh().axis(axis);
                requireOnce(axis, List.of(axes));
            }
            var sharding = new DimSharding(List.of(axes), isBalanced, 0);
            return options.shard(ShardRequest.of(dim, layers, sharding, Origin.here()));
        }

        private void requireOnce(String axis, List<String> axes) {
            if (Collections.frequency(axes, axis) > 1) {
                throw Problem.of(ProblemCode.AXIS_USED_TWICE, "A dim is split over an axis once.")
                        .fact("dim", dim)
                        .fact("axis", axis)
                        .fix("name every axis once")
                        .exception();
            }
        }
    }
}
