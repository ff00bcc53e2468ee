package dev.partita.compiler;

import dev.partita.compiler.cost.ClusterSpec;
import dev.partita.compiler.cost.DeviceSpec;
import dev.partita.compiler.plan.ExecutionPlan;
import dev.partita.compiler.plan.PlanDifference;
import dev.partita.compiler.plan.Program;
import dev.partita.compiler.precision.MixedPrecision;
import dev.partita.compiler.precision.PrecisionPolicy;
import dev.partita.compiler.sharding.ShardedGraph;
import dev.partita.dsl.layer.Model;
import java.util.List;

/// A compiled model: the plan, and everything on the way to it.
///
/// @param sharded every value with its placement and the cause of it
/// @param plan what the devices do
/// @param snapshots the program after each pass
public record Compilation(
        Model model,
        CompileOptions options,
        ShardedGraph sharded,
        ExecutionPlan plan,
        List<Snapshot> snapshots) {
    public Compilation {
        snapshots = List.copyOf(snapshots);
    }

    /// Writes the plan to standard output: what is in memory by name, then every step with the line
    /// it comes from.
    public void print() {
        System.out.print(plan.print());
    }

    /// Writes to standard output why things with this name lie as they do, and why they are
    /// communicated.
    ///
    /// @param name a dim, an axis, a layer or a parameter
    /// @throws dev.partita.dsl.problem.ProblemException `UnknownDim`, with the near miss
    public void why(String name) {
        System.out.print(explain(name));
    }

    /// What [#why] writes, as text.
    public String explain(String name) {
        return Explanation.of(this, name);
    }

    /// Writes to standard output what changes from this plan to `other`: collectives that disappear
    /// and appear, and the bytes of a device by what they are for.
    public void diff(Compilation other) {
        System.out.print(difference(other).describe());
    }

    /// What [#diff] writes, as data.
    public PlanDifference difference(Compilation other) {
        return PlanDifference.of(plan, other.plan);
    }

    /// Writes to standard output what another request would change, on A100s of 80 GB, eight a
    /// node: `plan.whatIf(zero(2))`, `plan.whatIf(o -> o.clipNorm(1))`.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException for everything that is wrong with it
    public void whatIf(Change change) {
        var cluster = new ClusterSpec(DeviceSpec.named("a100-80gb"), 8);
        System.out.print(whatIf(change, cluster).print());
    }

    /// What another request would change, with its steps on some cluster, as data.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException for everything that is wrong with it
    public WhatIf whatIf(Change change, ClusterSpec cluster) {
        return WhatIf.of(this, change, cluster);
    }

    /// Which ops compute in which type, and why, as a table.
    public String policy() {
        return PrecisionPolicy.print(
                MixedPrecision.run(
                        model.trace(options.batch(), options.dtype(), true), options.precision()),
                options.precision());
    }

    /// The same training step on one device: what this plan is proved against.
    public Compilation oneDevice() {
        return Compiler.compile(model, options.onOneDevice());
    }

    /// The same model placed alike, without loss, gradients and dropout: what evaluation runs.
    public Compilation forward() {
        return Compiler.compileForward(model, options);
    }

    /// The same training step with every gradient readable after it.
    public Compilation keepingGradients() {
        return Compiler.compile(model, options.keepingGradients());
    }

    /// The program after the pass of this name, or the names of the passes.
    public String after(String pass) {
        return snapshots.stream()
                .filter(s -> s.pass().equals(pass))
                .findFirst()
                .map(Snapshot::print)
                .orElseGet(
                        () -> "the passes are " + snapshots.stream().map(Snapshot::pass).toList());
    }

    /// In one line of at most 80 characters.
    @Override
    public String toString() {
        long least = plan.programs().stream().mapToLong(Program::arenaBytes).min().orElseThrow();
        String bytes =
                least == plan.peakBytes()
                        ? "%,d bytes a device".formatted(least)
                        : "%,d to %,d bytes a device".formatted(least, plan.peakBytes());
        String line = "%s on %s, %s".formatted(model.name(), options.mesh(), bytes);
        return line.length() <= 80 ? line : line.substring(0, 79) + "…";
    }
}
