package dev.partita.shell.bench;

import dev.partita.compiler.Compilation;
import dev.partita.compiler.CompileOptions;
import dev.partita.compiler.Compiler;
import dev.partita.compiler.Precision;
import dev.partita.dsl.mesh.Mesh;

/// One way to run a workload.
///
/// @param batch examples a step takes, over all devices
/// @param devices virtual devices that share the batch, each a thread
public record Setting(Workload workload, int batch, Precision precision, int devices) {
    /// The name of the case: `gpt bf16 data=2`; what is usual is left out.
    public String name() {
        return workload.word()
                + (precision.equals(Precision.F32) ? "" : " " + precision)
                + (devices == 1 ? "" : " data=" + devices);
    }

    /// The step as a plan.
    public Compilation compile() {
        Mesh mesh = devices == 1 ? Mesh.ONE_DEVICE : Mesh.of("data", devices);
        CompileOptions options =
                CompileOptions.on(mesh)
                        .batch(batch)
                        .precision(precision)
                        .optimizer(workload.optimizer());
        return Compiler.compile(
                workload.model(), devices == 1 ? options : options.shard("batch").over("data"));
    }

    /// The same on another number of devices.
    public Setting on(int number) {
        return new Setting(workload, batch, precision, number);
    }
}
