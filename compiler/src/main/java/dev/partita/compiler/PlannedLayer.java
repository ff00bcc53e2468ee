package dev.partita.compiler;

/// A layer of a plan, or a part of one such as `mix1.query`.
public record PlannedLayer(Compilation compilation, String name) {
    /// A part of this layer.
    public PlannedLayer part(String part) {
        return new PlannedLayer(compilation, name + "." + part);
    }

    /// A weight of this layer, such as `bias`.
    public PlannedWeight weight(String role) {
        return new PlannedWeight(compilation, name + "." + role);
    }

    /// How the layer's values lie, what asked for it, and which collectives move them.
    public String explain() {
        return compilation.explain(name);
    }

    @Override
    public String toString() {
        return name;
    }
}
