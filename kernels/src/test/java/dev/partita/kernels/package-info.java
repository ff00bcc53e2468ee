@NullMarked
package dev.partita.kernels;

import org.jspecify.annotations.NullMarked;
