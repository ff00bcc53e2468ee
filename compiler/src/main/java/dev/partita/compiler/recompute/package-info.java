/// Activation checkpointing: which forward values are kept for backward, and the copies of the
/// nodes that compute the others again.
@NullMarked
package dev.partita.compiler.recompute;

import org.jspecify.annotations.NullMarked;
