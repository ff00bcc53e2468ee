package dev.partita.shell.bench;

import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.problem.ProblemException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;

/// A process that trains the same network with libtorch when it is told to, and is idle otherwise.
final class Peer implements Contestant {
    private static final int TRIALS = 3;
    private static final double TRIAL_NANOS = 5e8;

    private final Path handover;
    private final Process process;
    private final BufferedReader answers;
    private final Writer questions;
    private String variant = "";
    private double loss = Double.NaN;

    private Peer(Setting setting, PeerProgram program, TrainingStep ours) throws IOException {
        handover = Files.createTempFile("partita-handover", ".bin");
        Handover.write(ours, handover);
        process = program.start(setting, handover);
        answers = process.inputReader();
        questions = process.outputWriter();
    }

    /// Starts a peer with as many threads as `setting` has devices, and has it compute in the way
    /// that is its fastest.
    ///
    /// @param ours the same step before its first run, whose weights and examples are handed over
    /// @throws ProblemException `PeerFailed` if it does not run
    static Peer start(Setting setting, PeerProgram program, TrainingStep ours) {
        try {
            var peer = new Peer(setting, program, ours);
            try {
                peer.open(peer.fastestVariant());
            } catch (Throwable e) {
                peer.close();
                throw e;
            }
            return peer;
        } catch (IOException e) {
            throw failed(String.valueOf(e.getMessage()));
        }
    }

    /// The way in which it computes.
    String variant() {
        return variant;
    }

    private String fastestVariant() {
        String fastest = "";
        double least = Double.POSITIVE_INFINITY;
        for (String each : ask("variants").split(" ", -1)) {
            open(each);
            double nanos = trial(least);
            if (nanos < least) {
                fastest = each;
                least = nanos;
            }
        }
        return fastest;
    }

    /// Nanoseconds of a step; a rough number suffices if that is far from the least so far.
    private double trial(double least) {
        run(1);
        double rough = run(1);
        if (rough > 2 * least) {
            return rough;
        }
        int times = Math.clamp((long) (TRIAL_NANOS / rough), 1, 100_000);
        double nanos = Double.POSITIVE_INFINITY;
        for (int i = 0; i < TRIALS; i++) {
            nanos = Math.min(nanos, (double) run(times) / times);
        }
        return nanos;
    }

    private void open(String newVariant) {
        ask("open " + newVariant);
        variant = newVariant;
    }

    @Override
    public long run(int times) {
        String[] answer = ask("run " + times).split(" ", -1);
        loss = Double.parseDouble(answer[1]);
        return Long.parseLong(answer[0]);
    }

    /// The loss before the last update.
    double loss() {
        return loss;
    }

    private String ask(String question) {
        try {
            questions.write(question + "\n");
            questions.flush();
            String answer = answers.readLine();
            if (answer == null) {
                throw failed("asked to \"" + question + "\", it ended");
            }
            return answer;
        } catch (IOException e) {
            throw failed("asked to \"" + question + "\": " + e.getMessage());
        }
    }

    private static ProblemException failed(String why) {
        return Problem.of(ProblemCode.PEER_FAILED, "The program to measure beside does not run.")
                .fact("reason", why)
                .fix(PeerProgram.HOW_TO_GET)
                .exception();
    }

    @Override
    public void close() {
        process.destroy();
        try {
            Files.deleteIfExists(handover);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
