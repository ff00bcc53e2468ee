package dev.partita.models;

import dev.partita.compiler.*;
import dev.partita.compiler.cost.*;
import dev.partita.compiler.search.*;
import dev.partita.compiler.simulate.*;
import java.util.*;

public class Trial2 {
    public static void main(String[] a) throws Exception {
        Gpt m = new Gpt(96, 12288, 96, 49152, 51200, 2048);
        var s = Trial.s(Integer.parseInt(a[0]), 8, 3, 1, false, "1f1b", 1, Recompute.full());
        var small = m.layered().withBlocks(3);
        var opt = s.options(small, 2 * s.data());
        var c = Compiler.compile(small.model(), opt);
        var cl = new ClusterSpec(DeviceSpec.named("a100-80gb"), 8, StoredScores.KEPT);
        var st = Simulator.run(c.plan(), cl);
        System.out.println(st.seconds());
        for (var d : st.devices()) {
            System.out.println("device " + d.rank());
            for (var x : d.actions())
                System.out.printf(
                        "  %s %.2f .. %.2f ms%n", x.action(), x.start() * 1e3, x.end() * 1e3);
            if (d.rank() == st.devices().get(0).rank())
                for (var sp : d.spans())
                    System.out.printf(
                            "     %7.3f %7.3f %-14s %-8s %s | %s%n",
                            sp.start() * 1e3,
                            sp.seconds() * 1e3,
                            sp.stream(),
                            sp.step().note().action(),
                            sp.what(),
                            sp.step().note().layer());
        }
    }
}
