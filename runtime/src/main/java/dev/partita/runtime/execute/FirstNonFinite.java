package dev.partita.runtime.execute;

import dev.partita.compiler.plan.Note;

/// Where the first NaN or infinite number of a step is.
///
/// @param after the largest tag of the collectives that the device had finished by then, or -1:
///   whatever another device got from it, that device finished a collective of a larger tag
/// @param place plan step of the device that made it; -1 if it was there when the step began
/// @param what the op, or the input or parameter by name
/// @param note layer and line of the user's program
record FirstNonFinite(int after, int place, String what, Note note) {
    /// True if it can be the cause of `other`, on whatever devices they are.
    boolean isBefore(FirstNonFinite other) {
        return after < other.after || (after == other.after && place < other.place);
    }
}
