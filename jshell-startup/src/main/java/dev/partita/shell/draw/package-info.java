/// Pictures made of text: progress bars, curves and tables for a terminal.
@NullMarked
package dev.partita.shell.draw;

import org.jspecify.annotations.NullMarked;
