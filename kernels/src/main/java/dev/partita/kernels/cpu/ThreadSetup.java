package dev.partita.kernels.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/// What a thread needs before it runs kernels: subnormal numbers flushed to zero, since they cost
/// 50 to 180 times a normal operation, and one OpenMP thread, since a device is one thread.
final class ThreadSetup {
    /// Where glibc's `fenv_t` keeps the SSE control register on x86-64; the struct is 32 bytes.
    private static final long MXCSR_OFFSET = 28;

    private static final long FENV_BYTES = 32;
    private static final int FLUSH_TO_ZERO = 1 << 15;
    private static final int DENORMALS_ARE_ZERO = 1 << 6;

    private ThreadSetup() {}

    static void prepare() {
        flushSubnormals();
        if (OneDnn.available()) {
            oneOpenMpThread();
        }
    }

    /// True on platforms whose floating-point environment is known here.
    static boolean flushesSubnormals() {
        return System.getProperty("os.arch").equals("amd64")
                && System.getProperty("os.name").equals("Linux");
    }

    private static void flushSubnormals() {
        if (!flushesSubnormals()) {
            return;
        }
        MethodHandle get = environment("fegetenv");
        MethodHandle set = environment("fesetenv");
        try (var arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(FENV_BYTES, 16);
            call(get, state);
            int control = state.get(ValueLayout.JAVA_INT, MXCSR_OFFSET);
            state.set(
                    ValueLayout.JAVA_INT,
                    MXCSR_OFFSET,
                    control | FLUSH_TO_ZERO | DENORMALS_ARE_ZERO);
            call(set, state);
        }
    }

    private static void oneOpenMpThread() {
        Optional<MemorySegment> function = SymbolLookup.loaderLookup().find("omp_set_num_threads");
        if (function.isPresent()) {
            call(handle(function.get(), FunctionDescriptor.ofVoid(ValueLayout.JAVA_INT)), 1);
        }
    }

    private static MethodHandle environment(String name) {
        return handle(
                Linker.nativeLinker().defaultLookup().findOrThrow(name),
                FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS));
    }

    @SuppressWarnings("restricted")
    private static MethodHandle handle(MemorySegment function, FunctionDescriptor descriptor) {
        return Linker.nativeLinker().downcallHandle(function, descriptor);
    }

    private static void call(MethodHandle function, Object argument) {
        try {
            function.invoke(argument);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }
}
