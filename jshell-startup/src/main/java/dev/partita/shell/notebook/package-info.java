/// Notebooks: Markdown with Java cells is the source; running it makes the Jupyter notebook beside
/// it.
@NullMarked
package dev.partita.shell.notebook;

import org.jspecify.annotations.NullMarked;
