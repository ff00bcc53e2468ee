package dev.partita.runtime.collective;

/// Thrown to members that wait for others after their group was aborted. It says only that this
/// member is not to blame: whoever aborted knows why.
public final class GroupAbortedException extends RuntimeException {
    private static final long serialVersionUID = 1;

    GroupAbortedException() {
        super("the group was aborted");
    }
}
