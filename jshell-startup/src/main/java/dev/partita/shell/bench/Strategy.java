package dev.partita.shell.bench;

import dev.partita.compiler.Compilation;
import dev.partita.compiler.CompileOptions;
import dev.partita.compiler.Compiler;
import dev.partita.compiler.Precision;
import dev.partita.dsl.layer.Model;
import dev.partita.dsl.layer.Optimizer;
import dev.partita.dsl.mesh.Mesh;

/// The ways to train that every introduction to distributed training compares.
public enum Strategy {
    /// Everything on one device.
    ONE_DEVICE("one device"),
    /// From the first device, as `torch.nn.DataParallel` does it.
    DATA_PARALLEL("DataParallel"),
    /// All devices alike, gradients summed on all, as `DistributedDataParallel` does it.
    DISTRIBUTED("DDP"),
    /// The same with bf16 arithmetic beside f32 weights.
    DISTRIBUTED_MIXED("DDP + bf16");

    private static final String AXIS = "data";

    private final String words;

    Strategy(String words) {
        this.words = words;
    }

    /// What it is called in a table.
    public String words() {
        return words;
    }

    /// The training step of a model.
    ///
    /// @param batch examples a step takes, over all devices
    /// @param devices how many share the batch, where several do
    public Compilation compile(Model model, Optimizer optimizer, int batch, int devices) {
        Mesh mesh = this == ONE_DEVICE ? Mesh.ONE_DEVICE : Mesh.of(AXIS, devices);
        CompileOptions options = CompileOptions.on(mesh).batch(batch).optimizer(optimizer);
        return Compiler.compile(
                model,
                switch (this) {
                    case ONE_DEVICE -> options;
                    case DATA_PARALLEL -> options.dataParallel().over(AXIS);
                    case DISTRIBUTED -> options.shard("batch").over(AXIS);
                    case DISTRIBUTED_MIXED ->
                            options.shard("batch").over(AXIS).precision(Precision.BF16);
                });
    }
}
