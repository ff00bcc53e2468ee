package dev.partita.models;

import dev.partita.compiler.cost.*;
import dev.partita.compiler.search.*;
import java.util.*;

public class Fit {
    static DeviceSpec dev(double c, double fill, double sb, double mem, double in) {
        var d = DeviceSpec.named("a100-80gb");
        return new DeviceSpec(
                d.name(),
                d.memoryBytes(),
                d.flops(),
                d.bytesPerSecond(),
                d.multiprocessors(),
                new Efficiency(c, 32768, fill, d.efficiency().attention(), sb, mem, 3e-6),
                0,
                new Link(d.inside().latencySeconds(), 300e9 * in),
                d.between());
    }

    public static void main(String[] a) {
        var runs = Trial.runs();
        var results = new TreeMap<Double, String>();
        for (double c : new double[] {0.75, 0.8, 0.85, 0.9})
            for (double fill : new double[] {64, 128})
                for (double sb : new double[] {10, 13})
                    for (double in : new double[] {0.8, 0.9}) {
                        double mem = 0.85;
                        double sum = 0;
                        String t = "";
                        for (int i = 0; i < 4; i++) {
                            var r = runs.get(i);
                            var e =
                                    Estimate.of(
                                            r.gpt().layered(),
                                            r.s(),
                                            r.batch(),
                                            new ClusterSpec(
                                                    dev(c, fill, sb, mem, in), 8, r.scores()));
                            double er = Math.log(e.seconds() / r.seconds());
                            sum += er * er;
                            t += String.format(" %+.1f", 100 * (Math.exp(er) - 1));
                        }
                        results.put(
                                Math.sqrt(sum / 4),
                                String.format(
                                        "c %.2f fill %.0f sb %.0f in %.2f mem %.2f:%s",
                                        c, fill, sb, in, mem, t));
                    }
        results.entrySet().stream().limit(12).forEach(System.out::println);
    }
}
