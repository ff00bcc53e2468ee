// The words of a Partita session. Plain JShell reads them with `--startup`; the workbench starts with them.
import module dev.partita;
import static dev.partita.dsl.layer.Layers.*;
