/// What a user's tests ask of a plan; it needs no test library.
@NullMarked
package dev.partita.compiler.testing;

import org.jspecify.annotations.NullMarked;
