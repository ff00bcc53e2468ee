/// Tests of the whole house.
@NullMarked
package dev.partita;

import org.jspecify.annotations.NullMarked;
