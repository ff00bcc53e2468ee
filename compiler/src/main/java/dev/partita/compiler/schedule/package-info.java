/// The order of a device's work: what runs while a collective is on its way.
@NullMarked
package dev.partita.compiler.schedule;

import org.jspecify.annotations.NullMarked;
