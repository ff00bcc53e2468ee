package dev.partita.compiler.partition;

import static com.google.common.truth.Truth.assertThat;
import static com.google.common.truth.Truth.assertWithMessage;
import static dev.partita.compiler.CompileOptions.on;
import static dev.partita.compiler.CompileOptions.ring;
import static dev.partita.dsl.layer.Layers.attention;
import static dev.partita.dsl.layer.Layers.crossEntropy;
import static dev.partita.dsl.layer.Layers.embedding;
import static dev.partita.dsl.layer.Layers.model;
import static dev.partita.dsl.layer.Layers.tiedTo;
import static dev.partita.dsl.layer.Layers.tokens;

import dev.partita.compiler.Compilation;
import dev.partita.compiler.CompileOptions;
import dev.partita.compiler.Compiler;
import dev.partita.compiler.plan.PlanDescription;
import dev.partita.dsl.layer.Model;
import dev.partita.dsl.mesh.Mesh;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class UnrollRingsTest {
    private static Model text(long positions) {
        return model("text", tokens("sequence", positions, 16))
                .then(embedding("model", 8))
                .then(attention("mix", 2).causal())
                .then(tiedTo("model"))
                .loss(crossEntropy());
    }

    private static CompileOptions over(int devices) {
        return on(Mesh.of("context", devices)).batch(1).shard("sequence").over("context");
    }

    /// The lines of the attention itself, without types, values numbered as they appear.
    private static List<String> mix(Compilation compilation, String pass) {
        List<String> names = new ArrayList<>();
        return compilation
                .after(pass)
                .lines()
                .map(String::strip)
                .filter(line -> line.contains("attention") || line.contains("rotate"))
                .map(line -> line.replaceAll(" : .*", ""))
                .map(line ->
                        Pattern.compile("%\\d+")
                                .matcher(line)
                                .replaceAll(m -> name(m.group(), names)))
                .toList();
    }

    private static String name(String value, List<String> names) {
        if (!names.contains(value)) {
            names.add(value);
        }
        return "%" + names.indexOf(value);
    }

    @Test
    void a_ring_attends_to_one_block_after_the_other_while_the_next_is_on_its_way() {
        Compilation compilation = Compiler.compile(text(6), over(3).attention(ring()));
        assertThat(mix(compilation, "partition"))
                .containsExactly(
                        "%0, %1 = causal-attention ring %2 %3 %4",
                        "%5, %6, %7 = causal-attention-grad ring %2 %3 %4 %0 %1 %8");
        assertThat(mix(compilation, "unroll-rings").subList(0, 7))
                .containsExactly(
                        "%0, %1 = rotate context dim 1 %2 %3",
                        "%4, %5 = causal-attention %6 %2 %3",
                        "%7, %8 = rotate context dim 1 %0 %1",
                        "%9, %10 = causal-attention %6 %0 %1",
                        "%11, %12 = merge-attention %4 %5 %9 %10",
                        "%13, %14 = causal-attention %6 %7 %8",
                        "%15, %16 = merge-attention %11 %12 %13 %14")
                .inOrder();
    }

    @Test
    void gradients_of_a_block_go_round_behind_it_and_come_home() {
        Compilation compilation = Compiler.compile(text(4), over(2).attention(ring()));
        List<String> lines = mix(compilation, "unroll-rings");
        assertThat(lines)
                .containsExactly(
                        "%0, %1 = rotate context dim 1 %2 %3",
                        "%4, %5 = causal-attention %6 %2 %3",
                        "%7, %8 = causal-attention %6 %0 %1",
                        "%9, %10 = merge-attention %4 %5 %7 %8",
                        "%11, %12 = rotate context dim 1 %2 %3",
                        "%13, %14, %15 = causal-attention-grad %6 %2 %3 %9 %10 %16",
                        "%17, %18 = rotate context dim 1 %14 %15",
                        "%19, %20, %21 = causal-attention-grad %6 %11 %12 %9 %10 %16",
                        "%22, %23 = rotate context dim 1 %24 %25")
                .inOrder();
    }

    @Test
    void in_the_plan_every_rotation_starts_before_the_attention_it_overlaps() {
        Compilation compilation = Compiler.compile(text(6), over(3).attention(ring()));
        List<String> steps =
                compilation
                        .plan()
                        .print()
                        .lines()
                        .map(String::strip)
                        .filter(line -> line.matches("\\d+ .*"))
                        .map(line -> line.replaceAll("^\\d+ +|  ;.*| s\\d.*| ->.*", ""))
                        .dropWhile(line -> !line.contains("rotate"))
                        .limit(9)
                        .toList();
        assertThat(steps)
                .containsExactly(
                        "start #0 rotate context dim 1",
                        "causal-attention",
                        "finish #0",
                        "start #1 rotate context dim 1",
                        "causal-attention",
                        "merge-attention",
                        "finish #1",
                        "causal-attention",
                        "merge-attention")
                .inOrder();
    }

    @Test
    void a_device_needs_no_more_memory_the_longer_the_ring_is() {
        long few = peakBytes(4, over(4).attention(ring()));
        long many = peakBytes(12, over(12).attention(ring()));
        assertThat(many).isEqualTo(few);
        assertWithMessage("where keys are gathered")
                .that(peakBytes(12, over(12)))
                .isGreaterThan(peakBytes(4, over(4)));
    }

    private static long peakBytes(int devices, CompileOptions options) {
        return Compiler.compile(text(64L * devices), options.batch(8)).plan().peakBytes();
    }

    @Test
    void every_rotation_says_what_it_is_for_and_which_turn_it_is() {
        Compilation compilation = Compiler.compile(text(4), over(2).attention(ring()));
        List<String> reasons =
                PlanDescription.of(compilation.plan()).collectives().stream()
                        .filter(each -> each.kind().equals("rotate"))
                        .map(each -> each.bytes() + " " + each.because().replaceAll("%\\d+", "V"))
                        .toList();
        String keys = "128 rotate context dim 1 because V [{}, {context}, {}, {}] meets ";
        String sums =
                "128 rotate context dim 1 because V [{}, {context%s}, {}, {}] is added up by ";
        assertThat(reasons)
                .containsExactly(
                        keys + "causal-attention ring, turn 1 of 1 (and 1 more)",
                        keys + "causal-attention-grad ring, turn 1 of 1 (and 1 more)",
                        sums.formatted("") + "causal-attention-grad ring, turn 1 of 2 (and 1 more)",
                        sums.formatted(" turned 1")
                                + "causal-attention-grad ring, turn 2 of 2 (and 1 more)")
                .inOrder();
    }

    @Test
    void a_ring_of_one_device_is_plain_attention() {
        Compilation compilation = Compiler.compile(text(4), over(1).attention(ring()));
        assertThat(mix(compilation, "unroll-rings")).hasSize(2);
        assertThat(mix(compilation, "unroll-rings").getFirst())
                .isEqualTo("%0, %1 = causal-attention %2 %3 %4");
    }
}
