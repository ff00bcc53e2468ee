/// From memory plan to execution plan.
@NullMarked
package dev.partita.compiler.assemble;

import org.jspecify.annotations.NullMarked;
