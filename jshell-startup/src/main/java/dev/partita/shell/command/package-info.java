/// The commands of `partita`: one class each, and what several of them share.
@NullMarked
package dev.partita.shell.command;

import org.jspecify.annotations.NullMarked;
