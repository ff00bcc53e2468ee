package dev.partita.compiler.processor;

import static com.google.common.truth.Truth.assertThat;
import static com.google.testing.compile.CompilationSubject.assertThat;

import com.google.testing.compile.Compilation;
import com.google.testing.compile.Compiler;
import java.util.Locale;
import org.junit.jupiter.api.Test;

class WasteTest {
    private static final String MLP =
            """
            @ShardedModel
            @MeshAxis(name = "data", size = 2)
            @Shard(dim = "batch", over = "data")
            %s
            @CrossEntropy
            record Mlp(
                    @Features(64) ModelInput x,
                    @Linear(64) @Relu Layer hidden,
                    @Linear(4) Layer classes) {}
            """;

    private static final String PIPE =
            """
            @ShardedModel
            @MeshAxis(name = "pipe", size = 4)
            @Batch(value = 8, microBatches = 4)
            %s
            @CrossEntropy
            record Mlp(
                    @Features(8) ModelInput x,
                    @Linear(8) @Relu Layer a,
                    @Linear(8) @Relu Layer b,
                    @Linear(8) @Relu Layer c,
                    @Linear(4) Layer classes) {}
            """;

    private static Compilation compile(String record, String annotations) {
        return Compiler.javac()
                .withProcessors(new ShardedModelProcessor())
                .compile(Nets.file("Mlp", Nets.source(record.formatted(annotations))));
    }

    private static String warning(Compilation compilation) {
        assertThat(compilation).succeeded();
        assertThat(compilation.warnings()).hasSize(1);
        return compilation.warnings().getFirst().getMessage(Locale.ROOT);
    }

    @Test
    void weights_that_every_micro_batch_gathers_are_warned_of() {
        Compilation compilation =
                compile(
                        MLP,
                        "@Zero(stage = 3, over = \"data\")\n@Batch(value = 64, microBatches = 16)");
        assertThat(warning(compilation))
                .isEqualTo(
                        """
                        [WeightsGatheredOften] Gathering weights moves more in a step than splitting them saves.
                            gathered:      133,640 bytes a step
                            saved:         35,360 bytes of a device's memory
                            micro-batches: 16
                            try:           zero stage 1 or 2, which gather once a step, or fewer micro-batches
                            quiet:         @SuppressWarnings("WeightsGatheredOften")\
                        """);
        assertThat(compile(MLP, "@Zero(stage = 2, over = \"data\") @Batch(64)").warnings())
                .isEmpty();
    }

    @Test
    void a_large_weight_on_every_device_is_warned_of_where_its_memory_is_known() {
        Compilation compilation = compile(MLP, "@DeviceMemory(\"150 KiB\")\n@Batch(8)");
        assertThat(warning(compilation))
                .isEqualTo(
                        """
                        [LargeTensorReplicated] Every device holds all of a large weight.
                            weight: hidden.weight f32[hidden=64, x=64]
                            takes:  16,384 bytes, 11 % of 153,600
                            try:    shard one of its dims over an axis of the mesh, or zero stage 3
                            quiet:  @SuppressWarnings("LargeTensorReplicated")\
                        """);
        assertThat(compile(MLP, "@DeviceMemory(\"1 MiB\")\n@Batch(8)").warnings()).isEmpty();
    }

    @Test
    void a_pipeline_that_waits_is_warned_of_with_what_waits_less() {
        Compilation compilation = compile(PIPE, "@Stages(count = 4, over = \"pipe\")");
        assertThat(warning(compilation))
                .isEqualTo(
                        """
                        [PipelineBubble] Devices of the pipeline wait for much of the time.
                            bubble:           43 %
                            micro-batches:    4
                            schedule "zb-h1": 20 %
                            schedule "zb-h2": 20 %
                            schedule "zb-v":  20 %
                            8 micro-batches:  27 %
                            try:              8 micro-batches, or another schedule
                            quiet:            @SuppressWarnings("PipelineBubble")\
                        """);
    }

    @Test
    void a_warning_is_kept_quiet_by_its_name() {
        Compilation compilation =
                compile(
                        PIPE,
                        "@SuppressWarnings(\"PipelineBubble\") @Stages(count = 4, over = \"pipe\")");
        assertThat(compilation).succeededWithoutWarnings();
    }
}
