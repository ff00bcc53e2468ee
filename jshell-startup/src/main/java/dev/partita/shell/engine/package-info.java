/// Java evaluated snippet by snippet in this very process, over `jdk.jshell`: shared by the
/// workbench, scripts and notebooks, so that native memory stays valid and values are objects, not
/// text.
@NullMarked
package dev.partita.shell.engine;

import org.jspecify.annotations.NullMarked;
