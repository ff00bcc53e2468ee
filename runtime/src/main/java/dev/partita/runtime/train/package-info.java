/// Training a compiled model on examples, and proving that its plan computes what one device
/// computes.
///
/// The words to import statically are in [dev.partita.runtime.train.Words].
@NullMarked
package dev.partita.runtime.train;

import org.jspecify.annotations.NullMarked;
