package dev.partita.compiler.cost;

/// What part of its peaks a device reaches with the libraries of its day: a curve over the shape of
/// a contraction, and a part of the memory bandwidth.
///
/// A contraction reaches `contraction` of the peak where it has work for all multiprocessors and
/// long sums. Its results are dealt out in tiles, and the last round of tiles counts as whole (tile
/// and wave quantisation: NVIDIA, "Matrix Multiplication Background User's Guide", sections 3.1 and
/// 3.2). Filling and emptying the pipeline of a tile takes as long as `fill` products of its sum.
///
/// @param contraction part of the peak that a large contraction reaches
/// @param tile results that a multiprocessor computes at once
/// @param fill products of a sum that take as long as the start and end of a tile
/// @param attention part of the peak that an attention without stored scores reaches
/// @param scoreBytes memory traffic in forward for each score of an attention that stores them
/// @param memory part of the memory bandwidth that a kernel reaches
/// @param startSeconds that pass between two kernels
public record Efficiency(
        double contraction,
        double tile,
        double fill,
        double attention,
        double scoreBytes,
        double memory,
        double startSeconds) {
    /// What part of the peak a contraction reaches.
    ///
    /// @param results elements that it computes
    /// @param length products of the sum of each
    double of(double results, double length, int multiprocessors) {
        double rounds = Math.max(results / tile / multiprocessors, 1e-9);
        return contraction * rounds / Math.ceil(rounds) * length / (length + fill);
    }
}
