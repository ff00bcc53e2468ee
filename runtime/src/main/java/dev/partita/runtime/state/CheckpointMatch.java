package dev.partita.runtime.state;

import dev.partita.dsl.layer.Model;
import dev.partita.dsl.problem.NearMiss;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.problem.ProblemException;
import dev.partita.dsl.tensor.TensorType;
import dev.partita.runtime.state.NamedBlock.Role;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Whether a checkpoint is one of a model, found out before anything is read from it.
final class CheckpointMatch {
    private static final int SHOWN = 3;

    private final CheckpointIndex index;
    private final Path folder;

    CheckpointMatch(CheckpointIndex index, Path folder) {
        this.index = index;
        this.folder = folder;
    }

    /// @throws ProblemException `CheckpointMismatch` at the first op that differs
    void requireModel(Model model) {
        List<String> stored = index.model().ops();
        List<String> own = StoredModel.of(model).ops();
        for (int i = 0; i < Math.max(stored.size(), own.size()); i++) {
            String before = i < stored.size() ? stored.get(i) : "ends before";
            String now = i < own.size() ? own.get(i) : "ends before";
            if (!before.equals(now)) {
                throw mismatch("The checkpoint is one of another model.")
                        .fact("in the checkpoint", before)
                        .fact("in the model", now)
                        .fix("the model " + index.model().name() + " as it was trained")
                        .exception();
            }
        }
    }

    /// All that the devices hold and nothing else is in the checkpoint.
    ///
    /// @throws ProblemException `CheckpointMismatch`
    void requireSame(List<List<NamedBlock>> devices) {
        require(held(devices), true);
    }

    /// All that the devices hold is in the checkpoint, and no weight more.
    ///
    /// @throws ProblemException `CheckpointMismatch`
    void requireThere(List<List<NamedBlock>> devices) {
        require(held(devices), false);
    }

    private static Map<String, NamedBlock> held(List<List<NamedBlock>> devices) {
        Map<String, NamedBlock> held = new LinkedHashMap<>();
        devices.forEach(device -> device.forEach(block -> held.putIfAbsent(block.name(), block)));
        return held;
    }

    private void require(Map<String, NamedBlock> held, boolean withState) {
        Set<String> missing = new TreeSet<>(held.keySet());
        missing.removeAll(index.tensors().keySet());
        Set<String> extra = new TreeSet<>();
        Map<String, String> other = new TreeMap<>();
        index.tensors()
                .forEach((name, stored) -> {
                    NamedBlock own = held.get(name);
                    boolean counts = stored.role() == Role.PARAMETER || withState;
                    if (own == null && counts && stored.role() != Role.BEST) {
                        extra.add(name);
                    } else if (own != null && !sameType(stored.whole(), own.whole())) {
                        other.put(name, name + " " + stored.whole() + ", here " + own.whole());
                    }
                });
        if (missing.isEmpty() && extra.isEmpty() && other.isEmpty()) {
            return;
        }
        boolean aboutState = isAboutState(held, missing, extra, other.keySet());
        if (!aboutState) {
            // what differs in the weights differs in their state as well
            List.of(missing, extra, other.keySet())
                    .forEach(names -> names.removeIf(name -> isState(held, name)));
        }
        Problem problem =
                mismatch(
                        aboutState
                                ? "The checkpoint was trained by another optimizer or precision."
                                : "The checkpoint's tensors are not those of the model.");
        problem = fact(problem, "only here", missing);
        problem = fact(problem, "only in the checkpoint", extra);
        problem = fact(problem, "of another type", other.values());
        throw problem.fix(way(missing, extra)).exception();
    }

    private boolean isState(Map<String, NamedBlock> held, String name) {
        NamedBlock own = held.get(name);
        StoredTensor stored = index.tensors().get(name);
        return own != null
                ? own.role() == Role.STATE
                : stored != null && stored.role() == Role.STATE;
    }

    private boolean isAboutState(
            Map<String, NamedBlock> held,
            Set<String> missing,
            Set<String> extra,
            Set<String> other) {
        return Stream.of(missing, extra, other)
                .flatMap(Set::stream)
                .allMatch(name -> isState(held, name));
    }

    private static boolean sameType(TensorType a, TensorType b) {
        return a.dtype() == b.dtype() && a.shape().sameSizes(b.shape());
    }

    private static Problem fact(Problem problem, String what, Collection<String> texts) {
        if (texts.isEmpty()) {
            return problem;
        }
        int more = texts.size() - SHOWN;
        String shown = texts.stream().limit(SHOWN).collect(Collectors.joining("\n"));
        return problem.fact(what, more > 0 ? shown + "\nand %d more".formatted(more) : shown);
    }

    private String way(Set<String> missing, Set<String> extra) {
        String as =
                "the model as it was trained: "
                        + index.model().name()
                        + ", "
                        + index.training().optimizer()
                        + ", "
                        + index.strategy().precision();
        return missing.stream()
                .flatMap(name ->
                        NearMiss.find(name, extra).stream()
                                .map(near -> "\"" + near + "\" for \"" + name + "\", or " + as))
                .findFirst()
                .orElse(as);
    }

    private Problem mismatch(String sentence) {
        return Problem.of(ProblemCode.CHECKPOINT_MISMATCH, sentence).fact("checkpoint", folder);
    }
}
