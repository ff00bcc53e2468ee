package dev.partita.shell.bench;

import static com.google.common.truth.Truth.assertThat;

import dev.partita.runtime.train.TrainingListener;
import dev.partita.runtime.train.TrainingListener.Progress;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class TurnsTest {
    private final List<String> done = Collections.synchronizedList(new ArrayList<>());
    private final List<Thread> threads = new ArrayList<>();

    private void start(Turns turns, int who, int steps) {
        TrainingListener listener = turns.listener(who, TrainingListener.NONE);
        threads.add(
                Thread.ofPlatform()
                        .start(() ->
                                turns.run(
                                        who,
                                        () -> {
                                            for (int step = 1; step <= steps; step++) {
                                                done.add(who + ":" + step);
                                                listener.step(
                                                        new Progress(step, steps, 1, 0, 0, 0, 0));
                                            }
                                        })));
    }

    private void join() throws InterruptedException {
        for (Thread thread : threads) {
            thread.join();
        }
    }

    @Test
    void runs_take_turns_of_some_steps_and_who_is_done_is_passed_over() throws Exception {
        var turns = new Turns(3, 2);
        start(turns, 2, 2);
        start(turns, 1, 5);
        start(turns, 0, 3);
        join();
        assertThat(done)
                .containsExactly(
                        "0:1", "0:2", "1:1", "1:2", "2:1", "2:2", "0:3", "1:3", "1:4", "1:5")
                .inOrder();
    }

    @Test
    void a_run_that_fails_holds_nobody_up() throws Exception {
        var turns = new Turns(2, 1);
        threads.add(
                Thread.ofPlatform()
                        .uncaughtExceptionHandler((_, e) -> done.add(e.getMessage()))
                        .start(() ->
                                turns.run(
                                        0,
                                        () -> {
                                            throw new IllegalStateException("broken");
                                        })));
        start(turns, 1, 2);
        join();
        assertThat(done).containsExactly("broken", "1:1", "1:2");
    }
}
