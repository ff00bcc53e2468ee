/// A terminal session over an [dev.partita.shell.engine.Engine], and scripts without one.
@NullMarked
package dev.partita.shell.workbench;

import org.jspecify.annotations.NullMarked;
