/// Mixed precision: which ops compute in half floats, and the casts between.
@NullMarked
package dev.partita.compiler.precision;

import org.jspecify.annotations.NullMarked;
