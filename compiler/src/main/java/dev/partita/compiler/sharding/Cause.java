package dev.partita.compiler.sharding;

import dev.partita.dsl.problem.Origin;

/// Why one dim of a value is sharded as it is, and the line that asked for it.
public record Cause(String because, Origin origin) {
    @Override
    public String toString() {
        return origin.isKnown() ? because + ", " + origin : because;
    }
}
