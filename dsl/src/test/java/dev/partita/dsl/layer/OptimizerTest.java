package dev.partita.dsl.layer;

import static com.google.common.truth.Truth.assertThat;
import static dev.partita.dsl.layer.Layers.adam;
import static dev.partita.dsl.layer.Layers.adamW;
import static dev.partita.dsl.layer.Layers.sgd;
import static dev.partita.dsl.layer.Layers.stepDecay;

import dev.partita.dsl.graph.Initializer;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Update;
import dev.partita.dsl.tensor.TensorType;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class OptimizerTest {
    @Test
    void sgd_keeps_a_velocity_only_with_momentum() {
        assertThat(sgd(0.1).step()).isEqualTo(new Update.SgdStep(0, false, 0));
        assertThat(sgd(0.1).states()).isEmpty();
        var optimizer = sgd(0.1).momentum(0.9).nesterov().weightDecay(1e-4);
        assertThat(optimizer.step()).isEqualTo(new Update.SgdStep(0.9, true, 1e-4));
        assertThat(optimizer.states()).containsExactly("velocity");
        assertThat(optimizer.toString())
                .isEqualTo("sgd 0.1 momentum 0.9 nesterov weight-decay 1.0E-4");
    }

    @Test
    void adam_has_pytorchs_defaults() {
        assertThat(adam(1e-3).step()).isEqualTo(new Update.AdamStep(0.9, 0.999, 1e-8, 0, false));
        assertThat(adam(1e-3).states()).containsExactly("first-moment", "second-moment").inOrder();
        assertThat(adam(1e-3).toString()).isEqualTo("adam 0.001");
    }

    @Test
    void adamw_decays_weights_by_themselves_with_pytorchs_default() {
        assertThat(adamW(1e-3).step()).isEqualTo(new Update.AdamStep(0.9, 0.999, 1e-8, 0.01, true));
        assertThat(adamW(1e-3).betas(0.9, 0.95).epsilon(1e-6).weightDecay(0.1).step())
                .isEqualTo(new Update.AdamStep(0.9, 0.95, 1e-6, 0.1, true));
        assertThat(adamW(1e-3).toString()).isEqualTo("adamw 0.001 weight-decay 0.01");
    }

    @Test
    void weight_decay_spares_what_it_is_told() {
        var bias = parameter("norm.bias", "f32[model=4]");
        var weight = parameter("hidden.weight", "f32[hidden=4, model=4]");
        var gain = parameter("norm.weight", "f32[model=4]");
        assertThat(spares(adamW(1e-3), bias, weight, gain)).containsExactly();
        assertThat(spares(adamW(1e-3).sparing("bias"), bias, weight, gain)).containsExactly(bias);
        assertThat(spares(sgd(1e-3).sparing("norm"), bias, weight, gain))
                .containsExactly(bias, gain);
        assertThat(spares(adamW(1e-3).sparing("norm.weight", "hidden"), bias, weight, gain))
                .containsExactly(weight, gain);
        assertThat(spares(sgd(1e-3).sparingVectors(), bias, weight, gain))
                .containsExactly(bias, gain);
        assertThat(spares(adamW(1e-3).sparing("nor", "ias"), bias, weight, gain)).isEmpty();
        var sparing = adamW(1e-3).sparing("norm").sparingVectors();
        assertThat(sparing.toString())
                .isEqualTo("adamw 0.001 weight-decay 0.01 sparing vectors, norm");
        assertThat(sparing.step().withoutDecay())
                .isEqualTo(new Update.AdamStep(0.9, 0.999, 1e-8, 0, true));
        assertThat(sgd(0.1).weightDecay(1).step().withoutDecay()).isEqualTo(sgd(0.1).step());
    }

    private static Op.Parameter parameter(String name, String type) {
        return new Op.Parameter(name, TensorType.parse(type), new Initializer.Fill(0));
    }

    private static List<Op.Parameter> spares(Optimizer optimizer, Op.Parameter... all) {
        return Stream.of(all).filter(optimizer.spared()::spares).toList();
    }

    @Test
    void each_state_is_an_operand_that_the_update_writes_in_place() {
        for (Optimizer optimizer :
                new Optimizer[] {sgd(0.1), sgd(0.1).momentum(0.9), adam(0.1), adamW(0.1)}) {
            assertThat(optimizer.step().inPlace()).hasSize(1 + optimizer.states().size());
        }
    }

    @Test
    void a_word_leaves_the_optimizer_it_was_said_to_as_it_was() {
        var plain = sgd(stepDecay(0.1, 30, 0.5));
        assertThat(plain.momentum(0.9).momentum()).isEqualTo(0.9);
        assertThat(plain.momentum()).isEqualTo(0.0);
        assertThat(plain.toString()).isEqualTo("sgd 0.1 x 0.5 every 30");
    }
}
