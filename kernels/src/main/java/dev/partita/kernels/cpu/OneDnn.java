package dev.partita.kernels.cpu;

import static org.bytedeco.dnnl.global.dnnl.dnnl_cpu;
import static org.bytedeco.dnnl.global.dnnl.dnnl_engine_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_stream_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_stream_default_flags;
import static org.bytedeco.dnnl.global.dnnl.dnnl_success;
import static org.bytedeco.dnnl.global.dnnl.dnnl_version;

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

    /// On a CPU a stream holds no state, so all threads run on this one.
    static dnnl_stream stream() {
        return Native.STREAM;
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
