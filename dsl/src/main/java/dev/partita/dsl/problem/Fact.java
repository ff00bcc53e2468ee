package dev.partita.dsl.problem;

/// One labelled observation behind a [Problem], such as `dim: hidden=250`.
public record Fact(String name, String value) {}
