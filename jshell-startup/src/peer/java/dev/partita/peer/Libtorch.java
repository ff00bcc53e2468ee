package dev.partita.peer;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.bytedeco.pytorch.Context;
import org.bytedeco.pytorch.global.torch;

/// Trains a network with libtorch, as many steps as it is told.
///
///     java … dev.partita.peer.Libtorch NETWORK PRECISION FILE
///
/// `NETWORK` is gpt, convnet, mlp or tiny, `PRECISION` f32 or bf16, `FILE` what [Given] reads: first
/// weights and one batch. Environment variables say how many threads libtorch uses. Then, a line
/// each:
///
/// | asked | answered |
/// |---|---|
/// | `variants` | names of the ways to compute the step, separated by blanks |
/// | `open VARIANT` | `open`: the step is ready, with the first weights again |
/// | `run N` | nanoseconds that N steps took, and the loss of the last of them before its update |
///
/// The process ends with its input.
public final class Libtorch {
    private Libtorch() {}

    public static void main(String[] arguments) throws IOException {
        Network network = Network.named(arguments[0], arguments[1].equals("bf16"));
        Given given = Given.read(Path.of(arguments[2]));
        Context.setFlushDenormal(true);
        // the interpreter alone: with its optimizer, scripts are slower
        torch.setGraphExecutorOptimize(false);
        answer(network, given);
    }

    private static void answer(Network network, Given given) throws IOException {
        List<Variant> variants = network.variants();
        var questions =
                new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        Training training = null;
        for (String line = questions.readLine(); line != null; line = questions.readLine()) {
            String[] words = line.split(" ", -1);
            switch (words[0]) {
                case "variants" ->
                        say(String.join(" ", variants.stream().map(Variant::name).toList()));
                case "open" -> {
                    if (training != null) {
                        training.close();
                    }
                    Variant variant =
                            variants.stream()
                                    .filter(each -> each.name().equals(words[1]))
                                    .findFirst()
                                    .orElseThrow();
                    training = Training.open(variant, given);
                    say("open");
                }
                case "run" -> {
                    int steps = Integer.parseInt(words[1]);
                    long start = System.nanoTime();
                    double loss = Objects.requireNonNull(training, "open comes first").run(steps);
                    say(System.nanoTime() - start + " " + loss);
                }
                default -> throw new IllegalArgumentException(line);
            }
        }
    }

    private static void say(String line) {
        System.out.println(line);
        System.out.flush();
    }
}
