package dev.partita.shell.bench;

import dev.partita.runtime.train.TrainingListener;

/// Lets training runs take turns of some steps each, so that never two run at once and whatever
/// else the machine does slows all of them alike. Each run has a thread of its own.
final class Turns {
    private final int stepsPerTurn;
    private final boolean[] gone;
    private int now;

    Turns(int runs, int stepsPerTurn) {
        this.stepsPerTurn = stepsPerTurn;
        gone = new boolean[runs];
    }

    /// Runs a piece of work when it is the turn of run `who`, which leaves when that is done.
    void run(int who, Runnable work) {
        await(who);
        try {
            work.run();
        } finally {
            leave(who);
        }
    }

    /// Gives the turn on after so many steps, and then waits for the next; passes on what it is
    /// told.
    TrainingListener listener(int who, TrainingListener next) {
        return new TrainingListener() {
            @Override
            public void step(Progress progress) {
                next.step(progress);
                if (progress.step() % stepsPerTurn == 0) {
                    pass();
                    await(who);
                }
            }

            @Override
            public void tested(int epoch, double accuracy) {
                next.tested(epoch, accuracy);
            }
        };
    }

    /// Returns when it is the turn of `who`, or with the thread's interrupt set.
    private synchronized void await(int who) {
        try {
            while (now != who) {
                wait();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private synchronized void leave(int who) {
        gone[who] = true;
        if (now == who) {
            pass();
        }
    }

    private synchronized void pass() {
        for (int i = 1; i <= gone.length; i++) {
            int next = (now + i) % gone.length;
            if (!gone[next]) {
                now = next;
                notifyAll();
                return;
            }
        }
    }
}
