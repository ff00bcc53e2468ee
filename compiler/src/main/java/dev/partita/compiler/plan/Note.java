package dev.partita.compiler.plan;

import dev.partita.dsl.problem.Origin;

/// Where a step comes from: the user's layer and line, and for what the compiler inserted, why.
public record Note(String layer, Origin origin, String because) {
    @Override
    public String toString() {
        String place = (layer + " " + origin).strip();
        return because.isEmpty() ? place : place.isEmpty() ? because : because + ", " + place;
    }
}
