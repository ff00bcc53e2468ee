package dev.partita.models;

import dev.partita.compiler.*;
import dev.partita.compiler.cost.*;
import dev.partita.compiler.search.*;
import dev.partita.compiler.simulate.*;
import java.util.*;

public class Trial {
    static Strategy s(int d, int t, int p, int v, boolean sp, String sch, long mb, Recompute r) {
        return new Strategy(d, t, p, v, sp, 0, sch, mb, r, Precision.BF16);
    }

    record Run(String name, Gpt gpt, Strategy s, long batch, double seconds, StoredScores scores) {}

    static Gpt g(int l, long h, long a) {
        return new Gpt(l, h, a, 4 * h, 51200, 2048);
    }

    static double secs(Gpt g, long batch, int n, double tf) {
        double F =
                96.0
                        * batch
                        * 2048
                        * g.layers()
                        * g.hidden()
                        * g.hidden()
                        * (1 + 2048 / 6.0 / g.hidden() + 51200 / 16.0 / g.layers() / g.hidden());
        return F / n / tf / 1e12;
    }

    static List<Run> runs() {
        List<Run> r = new ArrayList<>();
        var full = Recompute.full();
        var none = Recompute.none();
        Gpt m22 = g(48, 6144, 64),
                m175 = g(96, 12288, 96),
                m530 = g(105, 20480, 128),
                m1t = g(128, 25600, 160);
        r.add(
                new Run(
                        "K22full",
                        m22,
                        s(1, 8, 1, 1, false, "1f1b", 4, full),
                        4,
                        1.42,
                        StoredScores.KEPT));
        r.add(
                new Run(
                        "K22sel",
                        m22,
                        s(1, 8, 1, 1, true, "1f1b", 4, none),
                        4,
                        1.10,
                        StoredScores.AGAIN));
        r.add(
                new Run(
                        "K175full",
                        m175,
                        s(1, 8, 8, 3, false, "interleaved", 1, full),
                        64,
                        18.13,
                        StoredScores.KEPT));
        r.add(
                new Run(
                        "K175sel",
                        m175,
                        s(1, 8, 8, 3, true, "interleaved", 1, none),
                        64,
                        13.75,
                        StoredScores.AGAIN));
        r.add(
                new Run(
                        "K530full",
                        m530,
                        s(1, 8, 35, 3, false, "interleaved", 1, full),
                        280,
                        49.05,
                        StoredScores.KEPT));
        r.add(
                new Run(
                        "K530sel",
                        m530,
                        s(1, 8, 35, 3, true, "interleaved", 1, none),
                        280,
                        37.83,
                        StoredScores.AGAIN));
        r.add(
                new Run(
                        "K1Tfull",
                        m1t,
                        s(1, 8, 64, 1, false, "1f1b", 1, full),
                        512,
                        94.42,
                        StoredScores.KEPT));
        r.add(
                new Run(
                        "K1Tsel",
                        m1t,
                        s(1, 8, 64, 1, true, "1f1b", 1, none),
                        512,
                        71.49,
                        StoredScores.AGAIN));
        Object[][] t1 = {
            {24, 2304, 24, 1, 1, 1, 16, 32, 512, 137},
            {30, 3072, 32, 2, 1, 1, 16, 64, 512, 138},
            {36, 4096, 32, 4, 1, 1, 16, 128, 512, 142},
            {40, 6144, 48, 8, 1, 1, 8, 256, 1024, 135},
            {48, 8192, 64, 8, 2, 1, 4, 512, 1536, 138},
            {60, 10240, 80, 8, 4, 3, 2, 1024, 1792, 140},
            {80, 12288, 96, 8, 8, 2, 2, 1536, 2304, 148},
            {96, 16384, 128, 8, 16, 2, 1, 1920, 2160, 155},
            {105, 20480, 128, 8, 35, 3, 1, 2520, 2520, 163},
            {128, 25600, 160, 8, 64, 1, 1, 3072, 3072, 163}
        };
        for (Object[] o : t1) {
            int[] x = Arrays.stream(o).mapToInt(v -> (Integer) v).toArray();
            Gpt m = g(x[0], x[1], x[2]);
            int d = x[7] / x[3] / x[4];
            r.add(
                    new Run(
                            "T1 " + x[0] + "x" + x[1],
                            m,
                            s(
                                    d,
                                    x[3],
                                    x[4],
                                    x[5],
                                    false,
                                    x[5] > 1 ? "interleaved" : "1f1b",
                                    x[6],
                                    full),
                            x[8],
                            secs(m, x[8], x[7], x[9]),
                            StoredScores.KEPT));
        }
        int[][] t2 = {
            {96, 384, 1536, 153, 12},
            {96, 768, 1536, 149, 12},
            {96, 1536, 1536, 141, 12},
            {105, 560, 2240, 171, 35},
            {105, 1120, 2240, 167, 35},
            {105, 2240, 2240, 159, 35}
        };
        for (int[] x : t2) {
            Gpt m = x[0] == 96 ? m175 : m530;
            r.add(
                    new Run(
                            "T2 " + x[0] + " " + x[1],
                            m,
                            s(x[1] / 8 / x[4], 8, x[4], 1, false, "1f1b", 1, full),
                            x[2],
                            secs(m, x[2], x[1], x[3]),
                            StoredScores.KEPT));
        }
        return r;
    }

    public static void main(String[] a) {
        var dev = DeviceSpec.named("a100-80gb");
        List<Double> err = new ArrayList<>();
        for (Run r : runs()) {
            if (a.length > 0 && !r.name.startsWith(a[0])) continue;
            long t0 = System.nanoTime();
            Estimate e =
                    Estimate.of(r.gpt.layered(), r.s, r.batch, new ClusterSpec(dev, 8, r.scores));
            double er = e.seconds() / r.seconds - 1;
            err.add(Math.abs(er));
            System.out.printf(
                    "%-14s %-60s %8.2f %8.2f %+6.1f %%  bubble %.3f mem %.1f GiB (%.1f w %.1f g %.1f o %.1f a %.1f b) mfu %.3f hfu %.3f  %d ms%n",
                    r.name,
                    r.s,
                    r.seconds,
                    e.seconds(),
                    100 * er,
                    e.bubble(),
                    e.memory().total() / 1073741824.0,
                    e.memory().weights() / 1073741824.0,
                    e.memory().gradients() / 1073741824.0,
                    e.memory().optimizer() / 1073741824.0,
                    e.memory().activations() / 1073741824.0,
                    e.memory().buffers() / 1073741824.0,
                    e.use().mfu(),
                    e.use().hfu(),
                    (System.nanoTime() - t0) / 1000000);
        }
        Collections.sort(err);
        System.out.println("median " + err.get(err.size() / 2) + " worst " + err.getLast());
    }
}
