package dev.partita.compiler.search;

import dev.partita.compiler.Precision;
import dev.partita.compiler.cost.ClusterSpec;
import dev.partita.compiler.cost.DeviceSpec;
import dev.partita.dsl.layer.Model;
import dev.partita.dsl.tensor.Dtype;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/// A model of equal blocks between a first and a last part, of which there is one for every number
/// of blocks: what takes how long in a large one is seen in small ones.
///
/// @param blocks of the model that is meant
/// @param of the model of so many blocks
/// @param begin the layer with which block `i` begins, from 1
/// @param tensorDims the dims that tensor parallelism splits
/// @param sequence positions of an example
/// @param sequenceLayers the layers of block `i`, from 1, that sequence parallelism splits along
///   `sequence`
/// @param otherSequenceLayers the same of the first and last part
public record LayeredModel(
        String name,
        int blocks,
        IntFunction<Model> of,
        IntFunction<String> begin,
        List<String> tensorDims,
        long sequence,
        IntFunction<List<String>> sequenceLayers,
        List<String> otherSequenceLayers) {
    /// The most blocks of a small model.
    static final int SMALL = 5;

    public LayeredModel {
        tensorDims = List.copyOf(tensorDims);
        otherSequenceLayers = List.copyOf(otherSequenceLayers);
    }

    /// The model that is meant.
    public Model model() {
        return of.apply(blocks);
    }

    /// The same with another number of blocks.
    public LayeredModel withBlocks(int count) {
        return new LayeredModel(
                name, count, of, begin, tensorDims, sequence, sequenceLayers, otherSequenceLayers);
    }

    /// The same, with its functions asked already what small models and this one need. So threads
    /// of a search run no code of the caller's class, for which they would wait without end where
    /// the search is part of that class's initialisation.
    LayeredModel asked() {
        int most = Math.max(blocks, SMALL);
        Map<Integer, Model> models = new HashMap<>();
        IntStream.concat(IntStream.rangeClosed(1, SMALL), IntStream.of(blocks))
                .forEach(count -> models.put(count, of.apply(count)));
        Map<Integer, String> begins = new HashMap<>();
        Map<Integer, List<String>> split = new HashMap<>();
        for (int block = 1; block <= most; block++) {
            begins.put(block, begin.apply(block));
            split.put(block, sequenceLayers.apply(block));
        }
        return new LayeredModel(
                name,
                blocks,
                count -> get(models, count),
                block -> get(begins, block),
                tensorDims,
                sequence,
                block -> get(split, block),
                otherSequenceLayers);
    }

    private static <T> T get(Map<Integer, T> known, int key) {
        return Objects.requireNonNull(known.get(key));
    }

    /// The fastest ways to train it in `bf16` on all of so many A100s of 80 GB, eight a node; see
    /// [Search#of] for others.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException as [Search#of] does
    public SearchResult search(int devices, long globalBatch) {
        var cluster = new ClusterSpec(DeviceSpec.named("a100-80gb"), 8);
        return Search.of(this, devices, globalBatch, Precision.BF16, cluster);
    }

    /// The sizes of the dims that tensor parallelism splits, that of the sequence among them.
    Map<String, Long> tensorSizes() {
        Map<String, Long> sizes = new LinkedHashMap<>();
        withBlocks(1).model().trace(1, Dtype.F32, true).nodes().stream()
                .flatMap(node -> node.results().stream())
                .flatMap(value -> value.type().shape().dims().stream())
                .filter(dim -> tensorDims.contains(dim.name()))
                .forEach(dim -> sizes.put(dim.name(), dim.size()));
        sizes.put("sequence", sequence);
        return sizes;
    }

    /// All layers that sequence parallelism splits.
    List<String> allSequenceLayers() {
        List<String> all = new ArrayList<>(otherSequenceLayers);
        for (int block = 1; block <= blocks; block++) {
            all.addAll(sequenceLayers.apply(block));
        }
        return all;
    }

    /// The layers with which stages of as many blocks begin, but the first.
    List<String> beginnings(int stages) {
        int each = blocks / stages;
        return IntStream.range(1, stages).mapToObj(s -> begin.apply(s * each + 1)).toList();
    }
}
