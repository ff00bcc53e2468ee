/// Kernels for CPUs: oneDNN for contractions, convolutions, pooling and normalisation, the Vector
/// API for the rest and where oneDNN has no build, the reference where neither has a kernel.
///
/// A vector stays in a register only where the JIT knows its class. Of one that is carried round a
/// loop it knows none when it compiles the loop, and guesses by what ran before: so a carried
/// vector is an argument (`x.add(sum)`), never the receiver (`sum.add(x)`), and no vector goes
/// through a method of ours.
@NullMarked
package dev.partita.kernels.cpu;

import org.jspecify.annotations.NullMarked;
