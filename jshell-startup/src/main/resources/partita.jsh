// The words of a Partita session. Plain JShell reads them with `--startup`; the workbench starts with them.
import module dev.partita;
// where an annotation has the same name, a session means these
import dev.partita.compiler.Precision;
import dev.partita.compiler.Recompute;
import dev.partita.dsl.layer.Attention;
import dev.partita.dsl.layer.Embedding;
import dev.partita.dsl.layer.Experts;
import dev.partita.dsl.layer.FeedForward;
import static dev.partita.compiler.CompileOptions.*;
import static dev.partita.dsl.layer.Layers.*;
import static dev.partita.runtime.train.Words.*;
import static dev.partita.shell.draw.Pictures.*;
