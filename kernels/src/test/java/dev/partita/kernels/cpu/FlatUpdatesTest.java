package dev.partita.kernels.cpu;

import static com.google.common.truth.Truth.assertThat;
import static com.google.common.truth.Truth.assertWithMessage;

import dev.partita.dsl.graph.Update;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.dsl.tensor.TensorType;
import dev.partita.kernels.Buffer;
import dev.partita.kernels.KernelLibrary;
import dev.partita.kernels.KernelRequest;
import dev.partita.kernels.Trial;
import dev.partita.kernels.Types;
import dev.partita.kernels.reference.ReferenceLibrary;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class FlatUpdatesTest {
    private static final List<String> SIZES = List.of("5", "33", "16", "3,7", "1", "64", "100");
    private static final int TENSORS = 4;
    private static final Update.AdamStep ADAM = new Update.AdamStep(0.9, 0.999, 1e-8, 0.1, true);
    private static final Update.Together ALL = new Update.Together(ADAM, SIZES.size());

    private static KernelRequest request(Arena arena, int apartAfter) {
        return request(arena, apartAfter, List.of(Dtype.F32));
    }

    /// Weights, gradients and moments of all sizes; each kind side by side, but for the gradients
    /// after those of tensor `apartAfter`, which lie 64 bytes further on. Gradients take the types
    /// by turns.
    private static KernelRequest request(Arena arena, int apartAfter, List<Dtype> gradients) {
        var random = new Random(1);
        List<MemorySegment> kinds = new ArrayList<>();
        for (int kind = 0; kind < TENSORS; kind++) {
            kinds.add(arena.allocate(1 << 13, 64));
        }
        Buffer rate = Trial.buffer(arena, Types.f32(""), 1e-2);
        Buffer step = Trial.buffer(arena, TensorType.scalar(Dtype.I64), 3);
        List<Buffer> operands = new ArrayList<>();
        List<Buffer> results = new ArrayList<>();
        long at = 0;
        long atGradient = 0;
        for (int i = 0; i < SIZES.size(); i++) {
            TensorType type = Types.f32(SIZES.get(i));
            TensorType gradient = type.withDtype(gradients.get(i % gradients.size()));
            List<Buffer> own = new ArrayList<>();
            for (int kind = 0; kind < TENSORS; kind++) {
                long apart = kind == 1 && i > apartAfter ? 64 : 0;
                TensorType stored = kind == 1 ? gradient : type;
                long place = kind == 1 ? atGradient + apart : at;
                MemorySegment memory = kinds.get(kind).asSlice(place, stored.bytes());
                for (long e = 0; e < type.shape().elements(); e++) {
                    float value = random.nextFloat();
                    if (stored.dtype() == Dtype.BF16) {
                        short upper = (short) (Float.floatToIntBits(value) >> 16);
                        memory.setAtIndex(ValueLayout.JAVA_SHORT, e, upper);
                    } else {
                        memory.setAtIndex(ValueLayout.JAVA_FLOAT, e, value);
                    }
                }
                own.add(Buffer.whole(stored, memory));
            }
            atGradient = Math.ceilDiv(atGradient + gradient.bytes(), 64L) * 64;
            operands.addAll(own);
            operands.addAll(List.of(rate, step));
            results.addAll(List.of(own.get(0), own.get(2), own.get(3)));
            at = Math.ceilDiv(at + type.bytes(), 64L) * 64;
        }
        return new KernelRequest(ALL, operands, results);
    }

    private static List<double[]> updated(
            KernelLibrary library, int apartAfter, List<Dtype> gradients) {
        try (var arena = Arena.ofConfined()) {
            KernelRequest request = request(arena, apartAfter, gradients);
            try (var kernel = library.require(request)) {
                kernel.run();
                kernel.run();
            }
            return request.results().stream().map(Trial::values).toList();
        }
    }

    @Test
    void tensors_that_lie_side_by_side_are_updated_as_one() {
        try (var arena = Arena.ofConfined()) {
            assertThat(FlatUpdates.runs(ALL, request(arena, SIZES.size()))).hasSize(1);
            assertThat(FlatUpdates.runs(ALL, request(arena, 2))).hasSize(2);
        }
    }

    @Test
    void gradients_of_another_type_lie_side_by_side_where_as_many_elements_do() {
        try (var arena = Arena.ofConfined()) {
            // 21 elements and 1, 64 and 100: as many lines of 64 bytes take as many elements
            assertThat(FlatUpdates.runs(ALL, request(arena, SIZES.size(), List.of(Dtype.BF16))))
                    .hasSize(5);
        }
    }

    static Stream<Arguments> layouts() {
        List<Dtype> halves = List.of(Dtype.BF16);
        return Stream.of(
                Arguments.of(0, List.of(Dtype.F32)),
                Arguments.of(2, List.of(Dtype.F32)),
                Arguments.of(7, List.of(Dtype.F32)),
                Arguments.of(0, halves),
                Arguments.of(7, halves),
                // as many elements from one to the next, of whatever type
                Arguments.of(7, List.of(Dtype.F32, Dtype.BF16)));
    }

    @ParameterizedTest
    @MethodSource("layouts")
    void joined_or_not_every_weight_and_moment_is_the_references(
            int apartAfter, List<Dtype> gradients) {
        List<double[]> expected = updated(new ReferenceLibrary(), apartAfter, gradients);
        List<double[]> found = updated(new CpuLibrary(), apartAfter, gradients);
        for (int r = 0; r < expected.size(); r++) {
            assertWithMessage("result %s", r)
                    .that(found.get(r))
                    .usingTolerance(2e-6)
                    .containsExactly(expected.get(r))
                    .inOrder();
        }
    }
}
