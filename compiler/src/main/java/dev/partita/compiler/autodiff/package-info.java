/// From a forward graph to a training step: gradients, gradient norm, finiteness check, weight
/// updates.
@NullMarked
package dev.partita.compiler.autodiff;

import org.jspecify.annotations.NullMarked;
