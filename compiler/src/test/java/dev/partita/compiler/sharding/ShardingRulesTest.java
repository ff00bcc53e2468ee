package dev.partita.compiler.sharding;

import static com.google.common.truth.Truth.assertThat;

import dev.partita.compiler.autodiff.Differentiate;
import dev.partita.compiler.autodiff.OptimizerStep;
import dev.partita.dsl.graph.Node;
import dev.partita.dsl.layer.Layers;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.example.SmallNets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ShardingRulesTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "(b,k),(o,k)->(b,o)",
                "(d0,-),()->(d0,-)",
                "()->",
                "(b,-,-,o),(b,-,-,c)->(o,-,-,c),(o)"
            })
    void a_rule_is_read_as_it_is_printed(String text) {
        assertThat(ShardingRule.parse(text).toString()).isEqualTo(text);
    }

    @Test
    void a_factor_that_a_result_lacks_is_summed_over() {
        ShardingRule matmul = ShardingRule.parse("(b,k),(o,k)->(b,o)");
        assertThat(matmul.factors()).containsExactly("b", "k", "o").inOrder();
        assertThat(matmul.sums("k")).isTrue();
        assertThat(matmul.sums("b")).isFalse();
    }

    @Test
    void the_ops_of_a_training_step_have_these_rules() {
        Map<String, String> rules = new LinkedHashMap<>();
        var training =
                OptimizerStep.append(
                        Differentiate.run(SmallNets.convnet().trace(4, Dtype.F32, true)),
                        Layers.adam(1e-3),
                        1);
        for (Node node : training.graph().nodes()) {
            String op = node.op().toString().replaceAll(" .*", "");
            rules.putIfAbsent(op, ShardingRules.of(node).toString());
        }
        assertThat(rules)
                .containsAtLeast(
                        "conv2d", "(b,-,-,c),(o,-,-,c)->(b,-,-,o)",
                        "max-pool", "(b,-,-,c)->(b,-,-,c),(b,-,-,c)",
                        "conv2d-input-grad", "(b,-,-,o),(o,-,-,c)->(b,-,-,c)",
                        "conv2d-weight-grad", "(b,-,-,o),(b,-,-,c)->(o,-,-,c)",
                        "flatten", "(d0,d1,-,-)->(d0,d1)",
                        "unflatten", "(d0,d1)->(d0,d1,-,-)",
                        "einsum", "(b,k),(o,k)->(b,o)",
                        "cross-entropy", "(d0,-),(d0)->(d0),(d0)",
                        "cross-entropy-grad", "(d0,d1),(d0),(d0),(d0)->(d0,d1)",
                        "sum", "(d0)->()",
                        "broadcast", "()->(d0)",
                        "sum-squares", "(d0)->()",
                        "require-finite", "()->",
                        "adam-step", "(d0),(d0),(d0),(d0),(),()->(d0),(d0),(d0)",
                        "relu", "(d0,d1,d2,d3)->(d0,d1,d2,d3)");
    }
}
