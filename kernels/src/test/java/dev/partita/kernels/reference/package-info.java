@NullMarked
package dev.partita.kernels.reference;

import org.jspecify.annotations.NullMarked;
