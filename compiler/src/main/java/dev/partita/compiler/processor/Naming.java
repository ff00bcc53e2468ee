package dev.partita.compiler.processor;

/// How layers are called: as their component, unless they have a name of their own; and in a block
/// that is repeated with its number, where a `#` stands or at the end.
///
/// @param block number of the block; empty outside of one
record Naming(String component, String block) {
    /// Outside of all blocks.
    static Naming of(String component) {
        return new Naming(component, "");
    }

    Naming at(String another) {
        return new Naming(another, block);
    }

    /// The name of a layer.
    ///
    /// @param own what its annotation calls it; empty for the component's name
    String called(String own) {
        String name = own.isEmpty() ? component : own;
        return name.contains("#") ? name.replace("#", block) : name + block;
    }
}
