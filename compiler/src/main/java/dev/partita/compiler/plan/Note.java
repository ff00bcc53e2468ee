package dev.partita.compiler.plan;

import dev.partita.dsl.problem.Origin;

/// Where a step comes from: the user's layer and line, and for what the compiler inserted, why.
///
/// @param action what of a pipeline's schedule the step is part of, such as `2F0`; empty if nothing
public record Note(String layer, Origin origin, String because, String action) {
    /// Of a step that is part of no schedule.
    public Note(String layer, Origin origin, String because) {
        this(layer, origin, because, "");
    }

    @Override
    public String toString() {
        String place = (layer + " " + origin).strip();
        return because.isEmpty() ? place : place.isEmpty() ? because : because + ", " + place;
    }
}
