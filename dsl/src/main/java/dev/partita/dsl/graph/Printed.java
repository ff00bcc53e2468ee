package dev.partita.dsl.graph;

/// A program in any of its forms, from the graph of a model to the plan of the devices, each with
/// its documented text.
public interface Printed {
    /// All of it, one operation a line.
    String print();
}
