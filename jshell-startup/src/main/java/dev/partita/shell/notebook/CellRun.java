package dev.partita.shell.notebook;

/// A cell and what came of it; prose comes to nothing.
///
/// @param printed what it wrote to standard output
/// @param shown its value as text, empty if it has none
public record CellRun(Cell cell, String printed, String shown) {}
