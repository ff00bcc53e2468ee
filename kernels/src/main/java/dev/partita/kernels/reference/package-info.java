/// The slow truth: every op in plain loops, in f32 and f64, accumulated in f64. Fast kernels are
/// tested against it, and it serves where no fast one exists.
@NullMarked
package dev.partita.kernels.reference;

import org.jspecify.annotations.NullMarked;
