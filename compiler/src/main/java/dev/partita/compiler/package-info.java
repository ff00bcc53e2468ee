/// The compiler: named passes from a model to an execution plan.
@NullMarked
package dev.partita.compiler;

import org.jspecify.annotations.NullMarked;
