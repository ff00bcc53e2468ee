package dev.partita.kernels.cpu;

import static org.bytedeco.dnnl.global.dnnl.dnnl_bf16;
import static org.bytedeco.dnnl.global.dnnl.dnnl_cpu;
import static org.bytedeco.dnnl.global.dnnl.dnnl_engine_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_f16;
import static org.bytedeco.dnnl.global.dnnl.dnnl_f32;
import static org.bytedeco.dnnl.global.dnnl.dnnl_f64;
import static org.bytedeco.dnnl.global.dnnl.dnnl_matmul_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_s32;
import static org.bytedeco.dnnl.global.dnnl.dnnl_stream_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_stream_default_flags;
import static org.bytedeco.dnnl.global.dnnl.dnnl_success;
import static org.bytedeco.dnnl.global.dnnl.dnnl_u8;
import static org.bytedeco.dnnl.global.dnnl.dnnl_version;

import dev.partita.dsl.tensor.Dtype;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.dnnl.dnnl_engine;
import org.bytedeco.dnnl.dnnl_stream;
import org.bytedeco.dnnl.dnnl_version_t;

/// The native library oneDNN: whether it is here, its engine and what its calls answer.
public final class OneDnn {
    private OneDnn() {}

    /// True if oneDNN has a build for this platform and it loads.
    public static boolean available() {
        return Probe.FAILURE.isEmpty();
    }

    /// One line for a person: the version, or why there is none.
    public static String describe() {
        return Probe.FAILURE.orElseGet(OneDnn::version);
    }

    private static String version() {
        dnnl_version_t version = dnnl_version();
        return "oneDNN " + version.major() + "." + version.minor() + "." + version.patch();
    }

    static dnnl_engine engine() {
        return Native.ENGINE;
    }

    /// Name of the code that multiplies matrices of this type here, such as
    /// `brg_matmul:avx512_core_bf16`; empty where there is none but oneDNN's plain loops.
    public static Optional<String> code(Dtype dtype) {
        return Optional.ofNullable(Codes.BY_TYPE.get(dtype));
    }

    static boolean computes(Dtype dtype) {
        return Codes.BY_TYPE.containsKey(dtype);
    }

    /// On a CPU a stream holds no state, so all threads run on this one.
    static dnnl_stream stream() {
        return Native.STREAM;
    }

    /// What oneDNN calls an element type.
    static int type(Dtype dtype) {
        return switch (dtype) {
            case F64 -> dnnl_f64;
            case F32 -> dnnl_f32;
            case BF16 -> dnnl_bf16;
            case F16 -> dnnl_f16;
            case I32 -> dnnl_s32;
            case U8 -> dnnl_u8;
            case I64 -> throw new IllegalArgumentException("oneDNN has no " + dtype);
        };
    }

    /// @throws IllegalStateException if `status` is a failure
    static void check(int status, String call) {
        if (status != dnnl_success) {
            throw new IllegalStateException("oneDNN: " + call + " failed with status " + status);
        }
    }

    /// Loading is tried once; every way it can fail on a platform without a build is one of these.
    private static final class Probe {
        static final Optional<String> FAILURE = probe();

        private static Optional<String> probe() {
            try {
                check(Native.ENGINE.isNull() ? 1 : 0, "creating an engine");
                return Optional.empty();
            } catch (LinkageError | IllegalStateException e) {
                return Optional.of("no oneDNN on this platform (" + rootCause(e) + ")");
            }
        }

        private static String rootCause(Throwable failure) {
            Throwable root = failure;
            while (root.getCause() != null) {
                root = root.getCause();
            }
            return String.valueOf(root.getMessage());
        }
    }

    private static final class Codes {
        static final Map<Dtype, String> BY_TYPE = new EnumMap<>(Dtype.class);

        static {
            for (Dtype dtype : List.of(Dtype.F32, Dtype.BF16, Dtype.F16)) {
                if (available()) {
                    matmul(dtype).ifPresent(code -> BY_TYPE.put(dtype, code));
                }
            }
        }

        private static Optional<String> matmul(Dtype dtype) {
            try (var scope = new OneDnnScope()) {
                Layout square = new Layout(dtype, new long[] {64, 64}, new long[] {64, 1});
                return scope.find(found ->
                                dnnl_matmul_primitive_desc_create(
                                        found,
                                        engine(),
                                        scope.plain(square),
                                        scope.plain(square),
                                        null,
                                        scope.plain(square),
                                        scope.attributes()))
                        .map(OneDnnScope::implementation);
            }
        }
    }

    private static final class Native {
        static final dnnl_engine ENGINE = new dnnl_engine();
        static final dnnl_stream STREAM = new dnnl_stream();

        static {
            check(dnnl_engine_create(ENGINE, dnnl_cpu, 0), "creating an engine");
            check(
                    dnnl_stream_create(STREAM, ENGINE, dnnl_stream_default_flags),
                    "creating a stream");
        }
    }
}
