/// Kernels for CPUs: oneDNN for contractions, convolutions, pooling and normalisation, the Vector
/// API for the rest and where oneDNN has no build, the reference where neither has a kernel.
@NullMarked
package dev.partita.kernels.cpu;

import org.jspecify.annotations.NullMarked;
