package dev.partita.compiler.lint;

import com.sun.source.util.TreePath;

/// What came of saying an expression of a source.
sealed interface Said {
    /// It gives this.
    record Value(Object value) implements Said {}

    /// It, or something in it, is a Problem, which was reported.
    record Refused() implements Said {}

    /// It cannot be said before it runs.
    ///
    /// @param where the part that is at fault
    /// @param why what that part is, such as `not a constant`
    record Unseen(TreePath where, String why) implements Said {}
}
