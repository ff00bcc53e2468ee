package dev.partita.dsl.problem;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/// What went wrong, as a stable name. Prints in camel case: `IndivisibleDim`.
public enum ProblemCode {
    /// An argument is outside what the word takes.
    INVALID_ARGUMENT,
    /// A mesh that cannot be read or has an impossible axis.
    INVALID_MESH,
    /// Two things that must differ share a name.
    DUPLICATE_NAME,
    /// Operands whose shapes do not fit each other.
    SHAPE_MISMATCH,
    /// An element type an op does not take.
    DTYPE_MISMATCH,
    /// A dim that no tensor of the model has.
    UNKNOWN_DIM,
    /// An axis that the mesh does not have.
    UNKNOWN_AXIS,
    /// A layer that the model does not have.
    UNKNOWN_LAYER,
    /// A dim whose size is not a multiple of the devices it is sharded over.
    INDIVISIBLE_DIM,
    /// One axis asked to place a value twice.
    AXIS_USED_TWICE,
    /// Several placements are legal and none was chosen.
    AMBIGUOUS_PLACEMENT,
    /// A weight that two uses would have split differently.
    WEIGHT_SHARDED_TWICE,
    /// An axis asked to divide what data parallelism keeps alike, where there is none over it.
    ZERO_WITHOUT_DATA_PARALLELISM,
    /// A summand that is read as if it were the sum over devices.
    PARTIAL_USED_AS_WHOLE,
    /// Experts of which nobody said what becomes of tokens that find no room.
    CAPACITY_POLICY_MISSING,
    /// More virtual devices than a machine takes without asking.
    MESH_TOO_LARGE,
    /// A training step that needs more memory than a device has.
    OUT_OF_MEMORY,
    /// A plan that breaks a rule every plan must keep.
    PLAN_REJECTED,
    /// A stage that would begin inside what belongs together, such as a residual layer.
    STAGE_CUT,
    /// A pipeline schedule that is not whole, or in which some device would wait for ever.
    SCHEDULE_REJECTED,
    /// A graph that breaks a rule every graph must keep.
    GRAPH_REJECTED,
    /// The model lacks something the command needs.
    INCOMPLETE_MODEL,
    /// A model that cannot be found or built.
    UNKNOWN_MODEL,
    /// An op that no kernel library on this machine computes.
    UNSUPPORTED_KERNEL,
    /// A file or folder that is not there.
    DATA_FILE_MISSING,
    /// A file whose content is not what its format says.
    DATA_FILE_CORRUPT,
    /// A folder without the checkpoint that was asked for.
    CHECKPOINT_MISSING,
    /// A file of a checkpoint that is not as it was written.
    CHECKPOINT_CORRUPT,
    /// A checkpoint of another model or training.
    CHECKPOINT_MISMATCH,
    /// A label that is not a class of the model.
    LABEL_OUT_OF_RANGE,
    /// Fewer examples than a batch takes.
    TOO_FEW_EXAMPLES,
    /// A value became NaN or infinite.
    NOT_FINITE,
    /// A run was interrupted.
    INTERRUPTED,
    /// A device that is to do its next step alone, and waits for others there.
    DEVICE_WAITS,
    /// A device thread failed.
    DEVICE_FAILED,
    /// Something this version does not do.
    UNSUPPORTED,
    /// A program to be measured beside does not run, or computes something else.
    PEER_FAILED,
    /// A result that could not be written.
    OUTPUT_NOT_WRITTEN;

    /// The page in the documentation that shows this failing, and mended.
    public String page() {
        return "tutorials/problems/" + this + ".md";
    }

    @Override
    public String toString() {
        return Arrays.stream(name().split("_"))
                .map(w -> w.charAt(0) + w.substring(1).toLowerCase(Locale.ROOT))
                .collect(Collectors.joining());
    }
}
