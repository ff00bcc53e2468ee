/// Examples: where they come from, in which order they are drawn, how they are varied and put into
/// batches.
///
/// Everything random is a pure function of a seed, the epoch and the number of the example, never
/// of how many devices there are or which thread came first.
@NullMarked
package dev.partita.runtime.data;

import org.jspecify.annotations.NullMarked;
