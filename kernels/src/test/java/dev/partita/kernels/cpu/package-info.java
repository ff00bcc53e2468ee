@NullMarked
package dev.partita.kernels.cpu;

import org.jspecify.annotations.NullMarked;
