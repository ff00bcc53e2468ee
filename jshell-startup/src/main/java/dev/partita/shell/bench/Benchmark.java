package dev.partita.shell.bench;

import dev.partita.compiler.Compilation;
import dev.partita.compiler.Precision;
import dev.partita.compiler.plan.Arithmetic;
import dev.partita.runtime.execute.StepProfile;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Measures one workload in one precision: on one device, on several that share the batch, and what
/// it is compared with.
///
/// @param batch examples a step takes
/// @param devices numbers of virtual devices, each measured
/// @param program what to measure beside, if it is here
public record Benchmark(
        Workload workload,
        int batch,
        Precision precision,
        List<Integer> devices,
        Optional<PeerProgram> program) {
    public Benchmark {
        devices = List.copyOf(devices);
    }

    /// One of our contestants.
    ///
    /// @param arithmetic floating-point operations of one device in a step
    private record Ours(Setting setting, TrainingStep step, long arithmetic) {
        static Ours open(Setting setting) {
            Compilation compilation = setting.compile();
            return new Ours(
                    setting,
                    TrainingStep.open(compilation, setting.workload().classes()),
                    Arithmetic.of(compilation.plan().program(0)));
        }

        /// A peer that does the same; both have then trained for some steps.
        Peer peer(PeerProgram program) {
            Peer peer = Peer.start(setting, program, step);
            try {
                SameTraining.of(step, peer).require(setting.precision());
                return peer;
            } catch (Throwable e) {
                peer.close();
                throw e;
            }
        }
    }

    /// Runs the contest.
    public List<BenchResult.Case> measure(int rounds) {
        try (var contest = new Contest()) {
            var ours = new ArrayList<Ours>();
            var peers = new HashMap<Ours, Peer>();
            for (int number : devices) {
                Ours opened = Ours.open(new Setting(workload, batch, precision, number));
                contest.enter(opened.step());
                program.map(opened::peer)
                        .ifPresent(peer -> {
                            contest.enter(peer);
                            peers.put(opened, peer);
                        });
                ours.add(opened);
            }
            Optional<Ceiling> ceiling = Ceiling.of(precision.compute()).map(contest::enter);
            Optional<Primitives> primitives = primitives().map(contest::enter);
            contest.run(rounds);
            return cases(ours, peers, new Scores(contest, batch, ceiling), primitives);
        }
    }

    /// Where the time of a step goes, for each number of devices.
    public List<Profile> profiles() {
        return devices.stream()
                .map(number -> {
                    var setting = new Setting(workload, batch, precision, number);
                    try (TrainingStep step = Ours.open(setting).step()) {
                        return new Profile(setting.name(), step.profile());
                    }
                })
                .toList();
    }

    /// Where the time of a step goes, on the first of its devices.
    public record Profile(String name, StepProfile profile) {}

    /// What the primitives alone would take is known of the ConvNet.
    private Optional<Primitives> primitives() {
        boolean known = workload == Workload.CONVNET && precision.equals(Precision.F32);
        return known && devices.contains(1)
                ? Optional.of(Primitives.ofConvNet(batch))
                : Optional.empty();
    }

    private static List<BenchResult.Case> cases(
            List<Ours> ours,
            Map<Ours, Peer> peers,
            Scores scores,
            Optional<Primitives> primitives) {
        var cases = new ArrayList<BenchResult.Case>();
        Optional<Ours> one = ours.stream().filter(o -> o.setting().devices() == 1).findFirst();
        for (Ours each : ours) {
            boolean alone = true;
            Peer peer = peers.get(each);
            if (peer != null) {
                cases.add(scores.beside(each, "libtorch, " + peer.variant(), peer));
                alone = false;
            }
            if (each.setting().devices() == 1 && primitives.isPresent()) {
                cases.add(scores.beside(each, "oneDNN primitives", primitives.get()));
                alone = false;
            }
            if (each.setting().devices() > 1 && one.isPresent()) {
                cases.add(scores.beside(each, one.get().setting().name(), one.get().step()));
                alone = false;
            }
            if (alone) {
                cases.add(scores.alone(each));
            }
        }
        return cases;
    }

    /// What the contest says, as cases.
    private record Scores(Contest contest, int batch, Optional<Ceiling> ceiling) {
        BenchResult.Case alone(Ours ours) {
            return BenchResult.Case.alone(
                    ours.setting().name(), speed(ours.step()), fractionOfPeak(ours));
        }

        BenchResult.Case beside(Ours ours, String peer, Contestant contestant) {
            return BenchResult.Case.beside(
                    peer,
                    speed(contestant),
                    ours.setting().name(),
                    speed(ours.step()),
                    fractionOfPeak(ours));
        }

        private double speed(Contestant contestant) {
            return batch / contest.medianMillis(contestant) * 1e3;
        }

        private @Nullable Double fractionOfPeak(Ours ours) {
            return ceiling.map(each ->
                            each.fraction(
                                    ours.arithmetic(),
                                    contest.medianMillis(ours.step()),
                                    contest.medianMillis(each)))
                    .orElse(null);
        }
    }
}
