package dev.partita.kernels;

import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.problem.ProblemException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// The i32 labels or token ids of a buffer, checked against the number of classes when read.
///
/// @param memory the numbers
/// @param classes legal numbers are `0..classes-1`
public record Labels(MemorySegment memory, long classes) {
    /// The number at `position`.
    ///
    /// @throws ProblemException `LabelOutOfRange`
    public int get(long position) {
        int label = memory.getAtIndex(ValueLayout.JAVA_INT, position);
        if (label < 0 || label >= classes) {
            throw outOfRange(label, position);
        }
        return label;
    }

    private ProblemException outOfRange(int label, long position) {
        return Problem.of(ProblemCode.LABEL_OUT_OF_RANGE, "A label is not a class of the model.")
                .fact("label", label)
                .fact("classes", classes + ", so labels are 0.." + (classes - 1))
                .fact("row", position)
                .fix("correct the data, or give the model more classes")
                .exception();
    }
}
