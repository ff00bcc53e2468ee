/// A training step in time, without running it: discrete events over an execution plan.
@NullMarked
package dev.partita.compiler.simulate;

import org.jspecify.annotations.NullMarked;
