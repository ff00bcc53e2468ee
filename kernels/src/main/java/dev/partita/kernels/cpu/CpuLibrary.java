package dev.partita.kernels.cpu;

import dev.partita.kernels.Kernel;
import dev.partita.kernels.KernelLibrary;
import dev.partita.kernels.KernelRequest;
import dev.partita.kernels.reference.ReferenceLibrary;
import java.util.List;
import java.util.Optional;

/// The fastest kernel there is on a CPU: oneDNN's, else the Vector API's, else the reference's.
public final class CpuLibrary implements KernelLibrary {
    private final List<KernelLibrary> fastestFirst =
            List.of(
                    new FewTapsLibrary(),
                    new WinogradLibrary(),
                    new OneDnnLibrary(),
                    new VectorLibrary(),
                    new HalfLibrary(this),
                    new ReferenceLibrary());

    public CpuLibrary() {}

    @Override
    public String name() {
        return "cpu";
    }

    @Override
    public Optional<Kernel> open(KernelRequest wide) {
        KernelRequest request = wide.inside();
        return fastestFirst.stream().flatMap(library -> library.open(request).stream()).findFirst();
    }

    @Override
    public void prepareThread() {
        ThreadSetup.prepare();
    }
}
