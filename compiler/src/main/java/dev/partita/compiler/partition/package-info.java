/// From placements to one device's program: which blocks an op computes on, and the collectives
/// between.
@NullMarked
package dev.partita.compiler.partition;

import org.jspecify.annotations.NullMarked;
