/// Kernels: how one op is computed on one kind of device.
@NullMarked
package dev.partita.kernels;

import org.jspecify.annotations.NullMarked;
