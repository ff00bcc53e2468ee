package dev.partita.shell.command;

import static com.google.common.truth.Truth.assertThat;
import static com.google.common.truth.Truth.assertWithMessage;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Training that is kept, goes on and writes, from the command line.
final class CheckpointCommandTest {
    private static final String GPT =
            "train gpt --layers 1 --hidden 16 --heads 2 --seq 16 --batch 8 --lr-schedule constant --warmup-steps 0";

    @TempDir private Path folder;
    private Path data;
    private Path run;

    @BeforeEach
    void write() throws IOException {
        data = Files.writeString(folder.resolve("text"), "to be or not to be, \n".repeat(120));
        run = folder.resolve("run");
    }

    private Path json(String name) {
        return folder.resolve(name + ".json");
    }

    private JsonObject train(String more, String json) throws IOException {
        CommandLineRun done = CommandLineRun.of(GPT + " --data " + data + more, json(json));
        assertWithMessage("%s", done.err()).that(done.exit()).isEqualTo(0);
        return CommandLineRun.read(json(json));
    }

    private static List<Double> numbers(JsonObject result, String name) {
        List<Double> numbers = new ArrayList<>();
        result.getAsJsonArray(name).forEach((JsonElement each) -> numbers.add(each.getAsDouble()));
        return numbers;
    }

    @Test
    void a_training_that_goes_on_has_the_losses_of_one_that_was_never_interrupted()
            throws IOException {
        List<Double> whole = numbers(train(" --mesh data=2 --steps 20", "whole"), "losses");
        train(" --mesh data=2 --steps 9 --checkpoint-every 4 --checkpoint " + run, "first");
        JsonObject rest = train(" --mesh data=2 --steps 20 --resume --checkpoint " + run, "rest");
        assertThat(rest.get("firstStep").getAsInt()).isEqualTo(10);
        assertThat(rest.get("steps").getAsInt()).isEqualTo(20);
        assertThat(numbers(rest, "losses")).isEqualTo(whole.subList(9, 20));
    }

    @Test
    void it_goes_on_on_another_mesh() throws IOException {
        List<Double> whole = numbers(train(" --mesh data=2 --steps 12", "whole"), "losses");
        train(" --mesh data=2 --zero 3 --steps 6 --checkpoint " + run, "first");
        JsonObject rest = train(" --mesh tensor=2 --steps 12 --resume --checkpoint " + run, "rest");
        List<Double> losses = numbers(rest, "losses");
        for (int i = 0; i < 6; i++) {
            assertThat(losses.get(i)).isWithin(1e-5).of(whole.get(6 + i));
        }
    }

    @Test
    void text_is_tested_every_so_many_steps() throws IOException {
        JsonObject result = train(" --steps 10 --test-every 4", "tested");
        JsonArray steps = result.getAsJsonArray("testSteps");
        assertThat(steps.toString()).isEqualTo("[4,8,10]");
        List<Double> losses = numbers(result, "validationLosses");
        assertThat(losses).hasSize(3);
        assertThat(losses.getLast()).isEqualTo(result.get("validationLoss").getAsDouble());
        assertThat(numbers(result, "testAccuracies")).isEmpty();
    }

    @ParameterizedTest(name = "every example, {0}")
    @ValueSource(
            strings = {
                "--recompute full",
                "--micro-batches 2",
                "--stages 2 --micro-batches 2",
                "--mesh data=2 --zero 2"
            })
    void an_epoch_with_every_example_has_one_more_step(String how) throws IOException {
        // 141 windows of 16 to train on, in batches of 8
        String options =
                " --epochs 1 --early-stopping 2 --label-smoothing 0.1 --decay-spares bias,norm ";
        JsonObject left = train(options + how, "left");
        JsonObject every = train(options + "--every-example " + how, "every");
        assertThat(left.get("steps").getAsInt()).isEqualTo(17);
        assertThat(every.get("steps").getAsInt()).isEqualTo(18);
        // the schedule ends with the training, so both begin alike
        assertThat(numbers(every, "losses").getFirst())
                .isWithin(1e-5)
                .of(numbers(left, "losses").getFirst());
    }

    @Test
    void a_trained_gpt_writes() throws IOException {
        train(" --steps 150 --learning-rate 0.01 --checkpoint " + run, "trained");
        String line = "sample gpt --length 60 --seed 3 --checkpoint " + run;
        CommandLineRun sample = CommandLineRun.of(line + " --prompt to", json("sample"));
        assertWithMessage("%s", sample.err()).that(sample.exit()).isEqualTo(0);
        JsonObject result = CommandLineRun.read(json("sample"));
        String text = result.get("text").getAsString();
        assertThat(sample.out().strip()).isEqualTo(text.strip());
        assertThat(text).hasLength(62);
        assertThat(text).startsWith("to be");
        assertThat(result.get("charactersPerSecond").getAsDouble()).isGreaterThan(0);
        assertThat(CommandLineRun.of(line.split(" ", -1)).out())
                .isEqualTo(CommandLineRun.of(line.split(" ", -1)).out());
        CommandLineRun likeliest =
                CommandLineRun.of(
                        ("sample gpt --temperature 0 --length 40 --prompt be --checkpoint " + run)
                                .split(" ", -1));
        assertThat(likeliest.out()).startsWith("be");
    }

    @Test
    void a_gpt_of_other_parts_writes_without_being_described_again() throws IOException {
        String parts =
                " --positions rotary --activation swiglu --kv-heads 1 --untied --dropout 0.1";
        train(parts + " --steps 3 --checkpoint " + run, "trained");
        String line = "sample gpt --length 5 --prompt to --checkpoint " + run;
        CommandLineRun sample = CommandLineRun.of(line.split(" ", -1));
        assertWithMessage("%s", sample.err()).that(sample.exit()).isEqualTo(0);
        assertThat(sample.out()).startsWith("to");
    }

    @Test
    void a_bert_learns_hidden_characters_goes_on_elsewhere_and_does_not_write() throws IOException {
        String bert = GPT.replace("train gpt", "train bert") + " --data " + data;
        String first = bert + " --mesh data=2 --steps 4 --checkpoint " + run;
        CommandLineRun begun = CommandLineRun.of(first, json("first"));
        assertWithMessage("%s", begun.err()).that(begun.exit()).isEqualTo(0);
        String rest = bert + " --mesh tensor=2 --steps 8 --resume --checkpoint " + run;
        CommandLineRun gone = CommandLineRun.of(rest, json("rest"));
        assertWithMessage("%s", gone.err()).that(gone.exit()).isEqualTo(0);
        CommandLineRun.of(bert + " --steps 8", json("whole"));
        List<Double> whole = numbers(CommandLineRun.read(json("whole")), "losses");
        List<Double> losses = numbers(CommandLineRun.read(json("rest")), "losses");
        for (int i = 0; i < 4; i++) {
            assertThat(losses.get(i)).isWithin(1e-4).of(whole.get(4 + i));
        }
        CommandLineRun sample =
                CommandLineRun.of(("sample bert --checkpoint " + run).split(" ", -1));
        assertThat(sample.exit()).isEqualTo(2);
        assertThat(sample.err()).startsWith("[Unsupported] ");
    }

    @Test
    void a_mixture_of_experts_writes_too() throws IOException {
        String sizes = " --layers 1 --hidden 16 --heads 2 --seq 16 --experts 2";
        CommandLineRun trained =
                CommandLineRun.of(
                        ("train moe-gpt"
                                        + sizes
                                        + " --steps 3 --checkpoint "
                                        + run
                                        + " --data "
                                        + data)
                                .split(" ", -1));
        assertWithMessage("%s", trained.err()).that(trained.exit()).isEqualTo(0);
        CommandLineRun sample =
                CommandLineRun.of(
                        ("sample moe-gpt" + sizes + " --length 5 --prompt to --checkpoint " + run)
                                .split(" ", -1));
        assertWithMessage("%s", sample.err()).that(sample.exit()).isEqualTo(0);
        assertThat(sample.out()).startsWith("to");
    }

    @ParameterizedTest
    @CsvSource({
        "sample gpt, InvalidArgument, --checkpoint",
        "sample gpt --checkpoint RUN --prompt xyz, InvalidArgument, never seen: x y z",
        "sample gpt --checkpoint RUN --prompt=, InvalidArgument, leave the prompt out",
        "sample gpt --checkpoint RUN --length 0, InvalidArgument, text(500)",
        "sample gpt --checkpoint RUN --temperature -1, InvalidArgument, temperature(0.8)",
        "sample gpt --checkpoint RUN --temperature Infinity, InvalidArgument, temperature(0.8)",
        "sample gpt --checkpoint RUN/step-00000009, CheckpointMissing, \"step-00000000\"",
        "sample gpt --checkpoint RUN/step-00000001/none, CheckpointMissing, was told to write",
        "sample gpt --checkpoint RUM, CheckpointMissing, \"run\"",
        "sample mlp --checkpoint RUN, Unsupported, gpt",
        "sample gtp --checkpoint RUN, UnknownModel, gpt",
        "train gpt --resume, InvalidArgument, --checkpoint DIR",
        "train gpt --checkpoint-every 3, InvalidArgument, --checkpoint DIR",
        "train gpt --checkpoint RUN, InvalidArgument, resume",
        "train gpt --checkpoint RUM --resume, CheckpointMissing, \"run\"",
        "train mlp --checkpoint RUN --resume, CheckpointMismatch, the data it was begun with",
        "train gpt --steps 0, InvalidArgument, --steps 10",
        "train gpt --epochs -1, InvalidArgument, --epochs 10",
        "train mlp --test-every 0, InvalidArgument, testEvery",
        "train mlp --betas 0.9, InvalidArgument, two betas",
        "train mlp --optimizer sgd --betas 0.9|0.95, InvalidArgument, adamw",
    })
    void bad_input_is_one_problem(String line, String code, String says) throws IOException {
        train(" --steps 1 --checkpoint " + run, "trained");
        String place = line.replace("RUN", run.toString()).replace("RUM", folder + "/rum");
        String options = place.replace('|', ',');
        if (options.startsWith("train gpt")) {
            options = options.replace("train gpt", GPT + " --data " + data);
        }
        CommandLineRun refused = CommandLineRun.of(options.split(" ", -1));
        assertWithMessage("%s", refused.out()).that(refused.exit()).isEqualTo(2);
        assertThat(refused.err()).startsWith("[" + code + "] ");
        assertThat(refused.err()).contains(says);
        try (Stream<Path> kept = Files.list(run)) {
            assertThat(kept.map(each -> each.getFileName().toString()).sorted().toList())
                    .containsExactly("step-00000000", "step-00000001");
        }
    }

    @Test
    void a_checkpoint_of_another_size_is_refused_with_both() throws IOException {
        train(" --steps 1 --checkpoint " + run, "trained");
        CommandLineRun refused =
                CommandLineRun.of(
                        (GPT.replace("--hidden 16", "--hidden 32")
                                        + " --steps 2 --resume --data "
                                        + data
                                        + " --checkpoint "
                                        + run)
                                .split(" ", -1));
        assertThat(refused.exit()).isEqualTo(2);
        assertThat(refused.err()).startsWith("[CheckpointMismatch] ");
        assertThat(refused.err()).contains("model=16], here f32[");
    }
}
