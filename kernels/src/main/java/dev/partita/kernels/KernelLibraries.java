package dev.partita.kernels;

import dev.partita.dsl.problem.NearMiss;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.kernels.cpu.CpuLibrary;
import dev.partita.kernels.reference.ReferenceLibrary;
import java.util.List;

/// The kernel libraries that there are.
public final class KernelLibraries {
    private static final List<KernelLibrary> ALL =
            List.of(new CpuLibrary(), new ReferenceLibrary());

    private KernelLibraries() {}

    /// oneDNN and the Vector API in f32, the reference for the rest.
    public static KernelLibrary cpu() {
        return named("cpu");
    }

    /// Plain loops in f32 and f64: the slow truth.
    public static KernelLibrary reference() {
        return named("reference");
    }

    /// The library of this name.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `InvalidArgument`, with the near miss
    public static KernelLibrary named(String name) {
        return ALL.stream()
                .filter(library -> library.name().equals(name))
                .findFirst()
                .orElseThrow(() ->
                        Problem.of(
                                        ProblemCode.INVALID_ARGUMENT,
                                        "There is no kernel library \"" + name + "\".")
                                .fix(
                                        NearMiss.fix(
                                                name,
                                                ALL.stream().map(KernelLibrary::name).toList(),
                                                "library"))
                                .exception());
    }
}
