/// A javac plugin that says the words of the DSL in a source before it runs: every chain of calls
/// whose arguments are constants is said to the real classes, and a Problem of theirs becomes an
/// error on the word that it is about. It runs wherever javac does: in builds with
/// `-Xplugin:Partita`, in JShell and in notebooks.
///
/// It is a lint: what it sees fails for certain, what it does not see is checked when it runs.
@NullMarked
package dev.partita.compiler.lint;

import org.jspecify.annotations.NullMarked;
