/// Rewrites that keep every value a program returns: less work, less memory traffic.
@NullMarked
package dev.partita.compiler.simplify;

import org.jspecify.annotations.NullMarked;
