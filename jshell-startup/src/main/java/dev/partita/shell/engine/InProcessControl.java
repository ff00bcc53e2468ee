package dev.partita.shell.engine;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import jdk.jshell.execution.LocalExecutionControl;
import org.jspecify.annotations.Nullable;

/// Runs snippets in this process and keeps what JShell itself would only hand over as text: the
/// value, the exception, whether it was stopped, and the numbers of the classes a snippet became.
final class InProcessControl extends LocalExecutionControl {
    private static final Pattern NUMBERED = Pattern.compile("REPL\\.\\$JShell\\$(\\d+)\\w*");

    /// The snippet's thread is made deep inside the JDK; it inherits whom to report to.
    private static final InheritableThreadLocal<Call> CALL = new InheritableThreadLocal<>();

    private static final Method CALL_AND_KEEP = callAndKeep();

    private final ThreadGroup outside = Thread.currentThread().getThreadGroup();
    private final Set<Integer> loaded = new TreeSet<>();
    private @Nullable Object value;
    private @Nullable Throwable failure;
    private boolean hasValue;
    private boolean stopped;
    private volatile boolean stopRequested;

    private record Call(InProcessControl control, Method snippet) {}

    InProcessControl(ClassLoader parent) {
        super(parent);
    }

    /// Forgets a request to stop, which was meant for the evaluation before.
    void beginEvaluation() {
        stopRequested = false;
    }

    /// Ends the next snippet as soon as it runs. JShell's own stop, which is to follow, ends one
    /// that runs already, and knows of none that is being compiled.
    void requestStop() {
        stopRequested = true;
    }

    /// Forgets the last snippet.
    void reset() {
        loaded.clear();
        value = null;
        failure = null;
        hasValue = false;
        stopped = false;
    }

    @Nullable Object value() {
        return value;
    }

    /// False for declarations without a value, such as a method.
    boolean hasValue() {
        return hasValue;
    }

    @Nullable Throwable failure() {
        return failure;
    }

    boolean stopped() {
        return stopped;
    }

    /// What `#12` means in [dev.partita.dsl.problem.Origin]: the numbers of the classes just
    /// loaded.
    Set<Integer> loaded() {
        return loaded;
    }

    @Override
    public void load(ClassBytecodes[] classes)
            throws ClassInstallException, NotImplementedException, EngineTerminationException {
        for (ClassBytecodes each : classes) {
            Matcher name = NUMBERED.matcher(each.name());
            if (name.matches()) {
                loaded.add(Integer.parseInt(name.group(1)));
            }
        }
        super.load(classes);
    }

    @Override
    protected String invoke(Method snippet) throws Exception {
        CALL.set(new Call(this, snippet));
        try {
            return super.invoke(CALL_AND_KEEP);
        } catch (StoppedException e) {
            stopped = true;
            throw e;
        } catch (InvocationTargetException e) {
            failure = e.getCause();
            throw e;
        } finally {
            CALL.remove();
        }
    }

    /// Runs on the thread that JShell interrupts and waits for, together with every thread of its
    /// group. The snippet gets a thread of its own outside that group: what it starts, such as
    /// devices, is neither interrupted nor waited for. Returns nothing, so that JShell writes no
    /// second text of a large value.
    @SuppressWarnings("UnusedMethod") // called through CALL_AND_KEEP
    private static void run() throws Throwable {
        Call call = CALL.get();
        InProcessControl control = call.control;
        call.snippet.setAccessible(true);
        var task = new FutureTask<@Nullable Object>(() -> call.snippet.invoke(null));
        Thread thread = Thread.ofPlatform().group(control.outside).name("snippet").start(task);
        if (control.stopRequested) {
            control.stop();
        }
        while (true) {
            try {
                control.value = task.get();
                control.hasValue = call.snippet.getReturnType() != void.class;
                return;
            } catch (InterruptedException e) {
                thread.interrupt();
            } catch (ExecutionException e) {
                throw thrownBy(e);
            }
        }
    }

    private static Throwable thrownBy(ExecutionException failure) {
        Throwable cause = failure;
        while (cause.getCause() != null
                && (cause instanceof ExecutionException
                        || cause instanceof InvocationTargetException)) {
            cause = cause.getCause();
        }
        return cause;
    }

    private static Method callAndKeep() {
        try {
            Method method = InProcessControl.class.getDeclaredMethod("run");
            method.setAccessible(true);
            return method;
        } catch (NoSuchMethodException e) {
            throw new AssertionError(e);
        }
    }
}
