/// The runtime: runs an execution plan on devices.
@NullMarked
package dev.partita.runtime;

import org.jspecify.annotations.NullMarked;
