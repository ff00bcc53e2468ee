/// Tensors outside the devices: whole, on the Java side, to be read, compared, written back and
/// kept.
@NullMarked
package dev.partita.runtime.state;

import org.jspecify.annotations.NullMarked;
