package dev.partita.compiler.memory;

import dev.partita.compiler.schedule.Action;
import dev.partita.compiler.schedule.DeviceSequence;
import dev.partita.dsl.graph.AttentionOp;
import dev.partita.dsl.graph.Elementwise;
import dev.partita.dsl.graph.Node;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Reshard;
import dev.partita.dsl.graph.Update;
import dev.partita.dsl.graph.Value;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Decides which values share memory, and from when to when each piece of memory is in use.
///
/// Values share where an op leaves memory as it is (flatten, micro-batch, relocate), changes it in
/// place (updates, all-reduces, reduces, merged attentions and elementwise ops whose operand
/// nothing else reads), or where they lie side by side: the summands of a bucket, and weights that
/// are updated together.
final class Lifetimes {
    /// A value's piece of memory and where in it the value begins.
    record Place(Storage storage, long begin) {}

    private final DeviceSequence sequence;
    private final Map<Value, Integer> lastRead = new HashMap<>();
    private final Map<Value, Place> places = new LinkedHashMap<>();
    private final List<Storage> storages = new ArrayList<>();
    private final Map<Value, Integer> reads = new HashMap<>();
    private final int end;

    Lifetimes(DeviceSequence sequence) {
        this.sequence = sequence;
        this.end = sequence.actions().size();
        reads();
        buckets();
        flatten();
        for (int i = 0; i < end; i++) {
            Action action = sequence.actions().get(i);
            if (!(action instanceof Action.Finish)) {
                place(action, i);
            }
        }
    }

    Map<Value, Place> places() {
        return places;
    }

    List<Storage> storages() {
        return storages;
    }

    /// A collective reads its operands and writes its results until it is finished.
    private void reads() {
        for (int i = 0; i < end; i++) {
            Action action = sequence.actions().get(i);
            for (Value operand : action.reads()) {
                lastRead.merge(operand, i, Math::max);
                reads.merge(operand, action instanceof Action.Finish ? 0 : 1, Integer::sum);
            }
            if (action instanceof Action.Finish) {
                for (Value result : action.writes()) {
                    lastRead.merge(result, i, Math::max);
                }
            }
        }
        for (Value output : sequence.outputs().values()) {
            lastRead.put(output, end);
        }
    }

    /// Summands of one bucket get their places before anything else, side by side; the bucket lives
    /// from its first summand.
    private void buckets() {
        Map<Value, Integer> definedAt = new HashMap<>();
        for (int i = 0; i < end; i++) {
            int at = i;
            Action action = sequence.actions().get(i);
            action.writes().forEach(r -> definedAt.putIfAbsent(r, at));
            if (action.node().op() instanceof Reshard.AllReduce
                    && action instanceof Action.Start
                    && action.reads().size() > 1) {
                int first =
                        action.reads().stream()
                                .mapToInt(v -> definedAt.getOrDefault(v, at))
                                .min()
                                .orElse(at);
                Storage bucket = storage(0, first, i);
                for (Value summand : action.reads()) {
                    places.put(summand, new Place(bucket, bucket.append(summand.type().bytes())));
                }
            }
        }
    }

    /// Weights that are updated together lie side by side, and so do their states of one kind.
    private void flatten() {
        Set<Value> stored = new HashSet<>();
        for (Action action : sequence.actions()) {
            if (action.node().op() instanceof Op.Leaf) {
                stored.addAll(action.writes());
            } else if (action.node().op() instanceof Update.Together together) {
                for (int tensor : together.step().inPlace()) {
                    List<Value> flat = new ArrayList<>();
                    for (int i = 0; i < together.count(); i++) {
                        flat.add(together.of(i, action.reads()).get(tensor));
                    }
                    flat.retainAll(stored);
                    sideBySide(flat);
                }
            }
        }
    }

    private void sideBySide(List<Value> stored) {
        if (!stored.isEmpty()) {
            Storage flat = storage(0, 0, end);
            for (Value value : stored) {
                places.put(value, new Place(flat, flat.append(value.type().bytes())));
            }
        }
    }

    private void place(Action action, int at) {
        for (int i = 0; i < action.writes().size(); i++) {
            Value result = action.writes().get(i);
            if (!places.containsKey(result)) {
                places.put(result, placeFor(action, i, at));
            }
            place(result).storage().extend(lastRead.getOrDefault(result, at));
        }
    }

    private Place placeFor(Action action, int i, int at) {
        Node node = action.node();
        Value result = action.writes().get(i);
        long bytes = result.type().bytes();
        return switch (node.op()) {
            case Op.Constant _ -> new Place(storage(bytes, at, at), 0);
            case Op.Leaf _ -> new Place(storage(bytes, 0, end), 0);
            case Op.Flatten _, Op.Unflatten _, Reshard.Relocate _ ->
                    place(node.operands().getFirst());
            case Op.MicroBatch(int index) -> {
                Place all = place(node.operands().getFirst());
                yield new Place(all.storage(), all.begin() + index * bytes);
            }
            case Update update -> place(node.operands().get(update.inPlace().get(i)));
            case Reshard.AllReduce _ -> {
                Value summand = node.operands().get(i);
                boolean bucket = node.operands().size() > 1;
                yield bucket || isOwn(summand, at)
                        ? place(summand)
                        : new Place(storage(bytes, at, at), 0);
            }
            case AttentionOp.Merge _ when isLastRead(node.operands().get(i), at) ->
                    place(node.operands().get(i));
            case Reshard.Reduce _ -> {
                Value summand = action.reads().get(i);
                yield isOwn(summand, at) ? place(summand) : new Place(storage(bytes, at, at), 0);
            }
            // the memory longest in use, so that a sum of many summands stays where it is
            case Elementwise _, Op.ScaleBy _ ->
                    node.operands().stream()
                            .filter(v -> isLastRead(v, at) && v.type().bytes() == bytes)
                            .map(this::place)
                            .min(Comparator.comparingInt(p -> p.storage().first))
                            .orElseGet(() -> new Place(storage(bytes, at, at), 0));
            case Op _ -> new Place(storage(bytes, at, at), 0);
        };
    }

    /// True if nothing reads the value's memory after action `at`, so that it can be written over.
    private boolean isLastRead(Value value, int at) {
        return place(value).storage().last <= at;
    }

    /// True if from action `at` on nothing but the value's one reader sees its memory: that reader
    /// may keep it from start to finish.
    private boolean isOwn(Value value, int at) {
        Storage storage = place(value).storage();
        for (Map.Entry<Value, Place> other : places.entrySet()) {
            boolean shares = other.getValue().storage() == storage && !other.getKey().equals(value);
            if (shares && lastRead.getOrDefault(other.getKey(), 0) > at) {
                return false;
            }
        }
        boolean once =
                reads.getOrDefault(value, 0) == 1 && !sequence.outputs().containsValue(value);
        return once && storage.last <= lastRead.getOrDefault(value, 0);
    }

    private Place place(Value value) {
        Place place = places.get(value);
        if (place == null) {
            throw new IllegalArgumentException("no place for " + value);
        }
        return place;
    }

    private Storage storage(long bytes, int first, int last) {
        var storage = new Storage(bytes, first, last);
        storages.add(storage);
        return storage;
    }
}
