/// Lifetimes of values, and their places in a device's arena.
@NullMarked
package dev.partita.compiler.memory;

import org.jspecify.annotations.NullMarked;
