// The words of a Partita session. Plain JShell reads them with `--startup`; the workbench starts with them.
import module dev.partita;
// these shadow annotations of the same names, such as Precision
import dev.partita.compiler.*;
import dev.partita.dsl.layer.*;
import static dev.partita.compiler.Change.*;
import static dev.partita.compiler.CompileOptions.*;
import static dev.partita.dsl.layer.Layers.*;
import static dev.partita.runtime.train.Words.*;
import static dev.partita.shell.draw.Pictures.*;
