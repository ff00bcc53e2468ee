/// The workbench: a JShell session that knows Partita.
@NullMarked
package dev.partita.shell;

import org.jspecify.annotations.NullMarked;
