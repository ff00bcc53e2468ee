/// One shape for every message to a person: [dev.partita.dsl.problem.Problem].
@NullMarked
package dev.partita.dsl.problem;

import org.jspecify.annotations.NullMarked;
