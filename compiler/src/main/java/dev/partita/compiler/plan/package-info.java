/// The execution plan as pure data, its verifier and its printed form: all that the runtime knows of the compiler.
@NullMarked
package dev.partita.compiler.plan;

import org.jspecify.annotations.NullMarked;
