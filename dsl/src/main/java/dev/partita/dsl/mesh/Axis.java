package dev.partita.dsl.mesh;

/// A named direction of a device mesh with its number of devices, such as `data=2`. (A tensor has
/// dims, a mesh has axes.)
public record Axis(String name, int size) {
    @Override
    public String toString() {
        return name + "=" + size;
    }
}
