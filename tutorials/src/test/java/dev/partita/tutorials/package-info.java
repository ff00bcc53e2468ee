/// The lessons, run.
@NullMarked
package dev.partita.tutorials;

import org.jspecify.annotations.NullMarked;
