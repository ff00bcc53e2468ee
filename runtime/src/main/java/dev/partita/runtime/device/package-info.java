/// Virtual devices: a thread each, with memory of its own.
@NullMarked
package dev.partita.runtime.device;

import org.jspecify.annotations.NullMarked;
