package dev.partita.compiler.search;

import dev.partita.compiler.Precision;
import dev.partita.compiler.Recompute;
import dev.partita.compiler.pipeline.ScheduleStyle;
import dev.partita.compiler.pipeline.Schedules;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/// Every way to use devices for a model: all factorisations of the mesh, and on each of them all
/// schedules, stages per device, micro-batches, stages of ZeRO and kinds of recomputation. What is
/// against a rule is told with the rule.
///
/// @param devices of the cluster
/// @param globalBatch examples of a step
record SearchSpace(LayeredModel model, int devices, long globalBatch, Precision precision) {
    /// Stages per device, of schedules that take any number.
    private static final List<Integer> CHUNKS = List.of(2, 3, 4, 6, 8);

    /// Examples of a micro-batch: by then matmuls are as large as they need be.
    private static final long LARGEST = 16;

    private static final List<Recompute> RECOMPUTE =
            List.of(Recompute.none(), Recompute.selective(), Recompute.full());

    /// A strategy for the legal, and what forbids it for the others.
    interface Sink {
        void legal(Strategy strategy);

        void illegal(Rejected rejected);
    }

    void visit(Sink sink) {
        for (int tensor : divisors(devices)) {
            for (int pipe : divisors(devices / tensor)) {
                visit(devices / tensor / pipe, tensor, pipe, sink);
            }
        }
    }

    private void visit(int data, int tensor, int pipe, Sink sink) {
        var mesh = strategy(data, tensor, pipe, 1, "1f1b", 1);
        String broken = broken(data, tensor, pipe);
        if (!broken.isEmpty()) {
            sink.illegal(Rejected.ofRule(mesh, broken));
            return;
        }
        long most = Math.min(LARGEST, globalBatch / data);
        List<Long> sizes =
                LongStream.iterate(1, size -> size <= most, size -> 2 * size)
                        .filter(size -> globalBatch / data % size == 0)
                        .boxed()
                        .toList();
        for (long size : sizes) {
            if (pipe == 1) {
                variants(mesh.microBatch(size), sink::legal);
            } else {
                schedules(data, tensor, pipe, size, sink);
            }
        }
    }

    /// The rule that a mesh breaks, or nothing.
    private String broken(int data, int tensor, int pipe) {
        if (globalBatch % data != 0) {
            return "%d sequences do not divide among data=%d".formatted(globalBatch, data);
        }
        if (model.blocks() % pipe != 0) {
            return "%d blocks do not divide into pipe=%d stages".formatted(model.blocks(), pipe);
        }
        return model.tensorSizes().entrySet().stream()
                .filter(dim -> dim.getValue() % tensor != 0)
                .map(dim ->
                        "%s of %d does not divide over tensor=%d"
                                .formatted(dim.getKey(), dim.getValue(), tensor))
                .findFirst()
                .orElse("");
    }

    private void schedules(int data, int tensor, int pipe, long size, Sink sink) {
        for (ScheduleStyle style : Schedules.STYLES) {
            List<Integer> each = style.chunks() == 0 ? CHUNKS : List.of(style.chunks());
            for (int chunks : each) {
                Strategy strategy = strategy(data, tensor, pipe, chunks, style.name(), size);
                if (model.blocks() % (pipe * chunks) != 0) {
                    sink.illegal(
                            Rejected.ofRule(
                                    strategy,
                                    "%d blocks do not divide into %d stages"
                                            .formatted(model.blocks(), pipe * chunks)));
                    continue;
                }
                try {
                    int microBatches = Math.toIntExact(strategy.microBatches(globalBatch));
                    var _ = style.order(0, pipe, microBatches, chunks);
                    variants(strategy, sink::legal);
                } catch (ProblemException refused) {
                    sink.illegal(Rejected.ofRule(strategy, rule(refused.problem())));
                }
            }
        }
    }

    /// A Problem in one line.
    private static String rule(Problem problem) {
        return problem.sentence().replaceFirst("\\.$", "")
                + problem.facts().stream()
                        .map(fact -> fact.name() + " " + fact.value())
                        .collect(Collectors.joining(", ", ": ", ""));
    }

    private Strategy strategy(
            int data, int tensor, int pipe, int chunks, String schedule, long size) {
        return new Strategy(
                data,
                tensor,
                pipe,
                chunks,
                tensor > 1,
                0,
                schedule,
                size,
                Recompute.none(),
                precision);
    }

    /// The same with everything else that can be chosen.
    private static void variants(Strategy strategy, Consumer<Strategy> use) {
        for (boolean sequence : strategy.tensor() > 1 ? List.of(true, false) : List.of(false)) {
            for (int zero = 0; zero <= (strategy.data() > 1 ? 3 : 0); zero++) {
                for (Recompute recompute : RECOMPUTE) {
                    use.accept(strategy.sequenceParallel(sequence).zero(zero).recompute(recompute));
                }
            }
        }
    }

    private static List<Integer> divisors(int number) {
        List<Integer> divisors = new ArrayList<>();
        IntStream.rangeClosed(1, number).filter(n -> number % n == 0).forEach(divisors::add);
        return divisors;
    }
}
