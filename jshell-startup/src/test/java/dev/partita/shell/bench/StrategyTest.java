package dev.partita.shell.bench;

import static com.google.common.truth.Truth.assertThat;
import static dev.partita.dsl.layer.Layers.adam;

import dev.partita.compiler.Compilation;
import dev.partita.models.ConvNet;
import org.junit.jupiter.api.Test;

class StrategyTest {
    private static Compilation compile(Strategy strategy) {
        return strategy.compile(ConvNet.model(), adam(1e-3), 64, 2);
    }

    @Test
    void each_strategy_is_what_it_is_called() {
        assertThat(compile(Strategy.ONE_DEVICE).plan().devices()).isEqualTo(1);
        assertThat(compile(Strategy.DATA_PARALLEL).plan().programs()).hasSize(2);
        Compilation alike = compile(Strategy.DISTRIBUTED);
        assertThat(alike.plan().programs()).hasSize(1);
        assertThat(alike.plan().devices()).isEqualTo(2);
        Compilation mixed = compile(Strategy.DISTRIBUTED_MIXED);
        assertThat(mixed.options().precision().isMixed()).isTrue();
        assertThat(mixed.plan().peakBytes()).isLessThan(alike.plan().peakBytes());
        assertThat(alike.plan().peakBytes())
                .isLessThan(compile(Strategy.DATA_PARALLEL).plan().peakBytes());
    }
}
