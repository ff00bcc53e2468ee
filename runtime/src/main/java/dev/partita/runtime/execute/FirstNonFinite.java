package dev.partita.runtime.execute;

import dev.partita.compiler.plan.Note;

/// Where the first NaN or infinite number of a step is.
///
/// @param place plan step that made it; -1 if it was there when the step began
/// @param what the op, or the input or parameter by name
/// @param note layer and line of the user's program
record FirstNonFinite(int place, String what, Note note) {}
